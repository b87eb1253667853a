/* One panel of a dashboard: title, what can be done with it, and its picture. */

import * as marks from "./chart-marks.js";
import { timeChart } from "./chart-time.js";
import { make } from "./dom.js";
import { metricWords } from "./figures.js";
import { ask, explorerLink } from "./panel-question.js";

/* Without dragging: on a phone, by switch or by voice. */
const STEPS = [
  ["↑", "Move it before the panel above", { order: -1 }, ""],
  ["↓", "Move it after the next panel", { order: 1 }, ""],
  ["Lower", "Make it lower", { h: -1 }, ""],
  ["Higher", "Make it higher", { h: 1 }, ""],
  ["Narrower", "Make it narrower", { w: -1 }, "wide-only"],
  ["Wider", "Make it wider", { w: 1 }, "wide-only"],
];
const PAINTERS = { time: timeChart, number: marks.number, top: marks.top, bar: marks.bar, table: marks.table, heat: marks.heat };

export const titleOf = (panel) => panel.title || [panel.metrics.map(metricWords).join(", "), panel.group_by.length ? `by ${panel.group_by.join(", ")}` : ""].filter(Boolean).join(" ");

export class PanelView {
  /** `explorer` is its path. Callbacks: onZoom(startMs, endMs), onMenu(panel, button), onGrip(event, panel, isCorner), onKey(event, panel), onStep(panel, step). */
  constructor(panel, explorer, callbacks) {
    Object.assign(this, { panel, explorer, callbacks });
    this.chart = this.abort = this.answer = null;
    this.title = make("h2", { id: `title-${panel.id}` });
    this.link = make("a", { class: "button small plain", text: "Lines" });
    this.menu = make("button", { class: "button small plain editing", type: "button", "aria-haspopup": "menu", text: "⋯", onclick: () => callbacks.onMenu(this.panel, this.menu) });
    this.grip = make("button", { class: "grip editing", type: "button", text: "⠿", onpointerdown: (event) => callbacks.onGrip(event, this.panel, false), onkeydown: (event) => callbacks.onKey(event, this.panel) });
    this.corner = make("span", { class: "corner editing", "aria-hidden": "true", onpointerdown: (event) => callbacks.onGrip(event, this.panel, true) });
    this.steps = make("div", { class: "steps editing", role: "group" }, ...STEPS.map(([text, title, step, own]) => make("button", { class: `button small ${own}`, type: "button", title, "aria-label": title, text, onclick: () => callbacks.onStep(this.panel, step) })));
    this.body = make("div", { class: "panel-body" });
    this.root = make("section", { class: "panel", "aria-labelledby": this.title.id, "data-id": panel.id, "data-kind": panel.kind }, make("header", {}, this.grip, this.title, this.steps, this.link, this.menu), this.body, this.corner);
    this.update(panel);
  }

  /** Another definition of the same panel: place, title, question. */
  update(panel) {
    this.panel = panel;
    const title = titleOf(panel);
    this.title.textContent = title;
    this.title.title = panel.q ? `${title}: ${panel.q}` : title;
    this.root.dataset.kind = panel.kind;
    this.root.style.gridColumn = `${panel.x + 1} / span ${panel.w}`;
    this.root.style.setProperty("--high", panel.h);
    this.root.style.gridRow = `${panel.y + 1} / span ${panel.h}`;
    this.menu.setAttribute("aria-label", `Change ${title}`);
    this.steps.setAttribute("aria-label", `Move and resize ${title}`);
    this.grip.setAttribute("aria-label", `Arrange ${title}: arrow keys move it, with Shift they resize it`);
    this.grip.title = "Drag to move; arrow keys move, with Shift they resize";
    this.link.setAttribute("aria-label", `Show the lines of ${title}`);
  }

  /** Asks again; `asked` is {state, span} of the dashboard. */
  async load(asked) {
    this.abort?.abort();
    this.abort = new AbortController();
    const { signal } = this.abort;
    this.asked = asked;
    this.link.href = explorerLink(this.explorer, this.panel, asked.state);
    this.root.classList.add("is-stale");
    try {
      this.answer = await ask(this.panel, { app: asked.state.app, ...asked.span }, signal);
      this.paint();
    } catch (error) {
      if (error.name === "AbortError") return;
      this.answer = null;
      this.#clear();
      this.body.append(make("div", { class: "said", role: "alert" }, make("p", {}, make("strong", { text: error.message })), make("p", { class: "quiet", text: error.hint || "" })));
    }
    this.root.classList.remove("is-stale");
  }

  /** Draws the last answer again, as after a change of theme. */
  paint() {
    if (!this.answer) return;
    this.#clear();
    const { panel, answer, asked } = this;
    const isEmpty = answer.templates ? !answer.templates.length : panel.kind !== "number" && !answer.groups.some((group) => Object.values(group.values).some((value) => value));
    if (isEmpty) {
      this.body.append(make("p", { class: "said quiet", text: this.#nothing() }));
      return;
    }
    const linkOf = (key) => explorerLink(this.explorer, panel, asked.state, key);
    this.chart = PAINTERS[panel.kind](this.body, panel, answer, { span: asked.span, onZoom: this.callbacks.onZoom, linkOf }) || null;
  }

  #nothing() {
    const fields = [...this.panel.group_by, ...this.panel.metrics.filter((metric) => metric !== "count").map((metric) => metric.split(":")[1])];
    const own = [...new Set(fields)].filter((name) => !["level", "service", "host", "source", "pattern_id", "timestamp"].includes(name));
    return own.length ? `No line in this range has ${own.join(", ")}.` : "No line in this range.";
  }

  #clear() {
    this.chart?.destroy();
    this.chart = null;
    this.body.replaceChildren();
  }

  remove() {
    this.abort?.abort();
    this.#clear();
    this.root.remove();
  }
}
