/* The form that adds a panel or changes one. */

import { byId, make } from "./dom.js";
import { split } from "./figures.js";
import { get, isQueryError } from "./api.js";

const FIELDS = { title: "panel-title", q: "panel-q", kind: "panel-kind", limit: "panel-limit" };
const SIZES = { number: [3, 4], top: [4, 8], table: [6, 8], bar: [6, 7], heat: [6, 8], time: [6, 7] };

export class PanelForm {
  /** `asked()` gives {app, start, end} for suggestions of fields; `onDone(panel)` gets what was made. */
  constructor({ asked, onDone }) {
    Object.assign(this, { asked, onDone });
    this.dialog = byId("panel-dialog");
    this.form = byId("panel-form");
    byId("panel-cancel").addEventListener("click", () => this.dialog.close());
    byId("panel-add-metric").addEventListener("click", () => this.#addMetric("count"));
    byId("panel-kind").addEventListener("change", () => this.#fit());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#done();
    });
  }

  /** Opens it on a panel, or on what a new one starts with. */
  open(panel) {
    this.panel = panel;
    byId("panel-heading").textContent = panel.id ? "Change the panel" : "Add a panel";
    for (const [name, id] of Object.entries(FIELDS)) byId(id).value = panel[name];
    byId("panel-groups").value = panel.group_by.join(", ");
    byId("panel-metrics").replaceChildren();
    for (const metric of panel.metrics) this.#addMetric(metric);
    byId("panel-problem").replaceChildren();
    this.#fit();
    this.dialog.showModal();
    this.#suggest();
  }

  close() {
    this.dialog.close();
  }

  /** Says what the server did not like. */
  say(error) {
    const fields = error.data?.fields ? JSON.stringify(error.data.fields) : "";
    byId("panel-problem").replaceChildren(make("p", { class: "problem", role: "alert", text: [error.message, error.hint, isQueryError(error) ? "" : fields].filter(Boolean).join(" ") }));
  }

  /** Only what the kind can show. */
  #fit() {
    const kind = byId("panel-kind").value;
    byId("panel-groups").parentElement.hidden = kind === "number";
    byId("panel-limit").parentElement.hidden = kind === "number";
    byId("panel-add-metric").hidden = !["time", "table"].includes(kind);
  }

  #addMetric(metric) {
    const [how, field] = metric === "count" ? ["count", ""] : split(metric);
    const choice = byId("metric-template").content.cloneNode(true).firstElementChild;
    const [select, input, away] = choice.children;
    if (![...select.options].some((option) => option.value === how)) select.append(make("option", { value: how, text: how }));
    select.value = how;
    input.value = field;
    const show = () => {
      input.hidden = select.value === "count";
      input.required = !input.hidden;
    };
    select.addEventListener("change", show);
    away.addEventListener("click", () => byId("panel-metrics").children.length > 1 && choice.remove());
    show();
    byId("panel-metrics").append(choice);
  }

  async #suggest() {
    try {
      const { fields } = await get("logs/fields", { ...this.asked(), limit: 200 });
      byId("field-names").replaceChildren(...fields.map((field) => make("option", { value: field.name })));
    } catch {
      /* names can be typed */
    }
  }

  #done() {
    const kind = byId("panel-kind").value;
    const metrics = [...byId("panel-metrics").children].map(({ children: [select, input] }) => (select.value === "count" ? "count" : `${select.value}:${input.value.trim()}`));
    const groups = kind === "number" ? [] : byId("panel-groups").value.split(/(?<!\\),/).map((name) => name.trim()).filter(Boolean);
    const [w, h] = this.panel.id && this.panel.kind === kind ? [this.panel.w, this.panel.h] : SIZES[kind];
    const kept = metrics.includes(this.panel.order.replace(/^-/, "")) ? this.panel.order : "";
    this.onDone({
      ...this.panel,
      ...{ kind, w, h, order: kept, group_by: groups, title: byId("panel-title").value.trim(), q: byId("panel-q").value.trim() },
      metrics: ["time", "table"].includes(kind) ? [...new Set(metrics)] : metrics.slice(0, 1),
      limit: Number(byId("panel-limit").value) || 10,
    });
  }
}
