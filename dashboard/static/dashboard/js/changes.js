/* What is different in a span of time: values and kinds of messages that came, went, grew or shrank. */

import { get } from "./api.js";
import { make } from "./dom.js";
import { grouped, rounded } from "./format.js";
import { change, templateParts } from "./patterns.js";
import * as time from "./time.js";
import { unescaped } from "./tokens.js";

const LEFT_OUT = { templates: "kinds of messages", fields: "values of fields" };
const KINDS = { new: "new", vanished: "gone", grew: "more", shrank: "less" };

export class Changes {
  /** Callbacks: onValue(field, value, {isExcluded}), onPattern(id, {isExcluded}), onZoom(startMs, endMs). */
  constructor(root, callbacks) {
    Object.assign(this, { root, callbacks });
  }

  async show(asked, state, signal) {
    const span = state.from ? { startMs: Date.parse(state.from), endMs: Date.parse(state.to) } : { startMs: Date.parse(asked.start), endMs: Date.parse(asked.end) };
    const length = span.endMs - span.startMs;
    const before = { startMs: span.startMs - length, endMs: span.startMs };
    const parameters = { app: asked.app, q: asked.q, start: time.iso(span.startMs), end: time.iso(span.endMs), baseline_start: time.iso(before.startMs), baseline_end: time.iso(before.endMs) };
    const answer = await get("analytics/insights", parameters, signal);
    this.root.replaceChildren(this.#intro(state, span, before), ...this.#content(answer, span));
  }

  #intro(state, span, before) {
    const said = ({ startMs, endMs }) => time.words({ range: "", start: time.iso(startMs), end: time.iso(endMs) });
    const zoom = state.from ? make("button", { class: "button small", type: "button", text: "Zoom to this span", onclick: () => this.callbacks.onZoom(span.startMs, span.endMs) }) : null;
    const help = state.from ? "" : " Drag over the chart to compare another span with the time before it.";
    return make("p", { class: "intro" }, make("strong", { text: said(span) }), " compared with ", make("strong", { text: said(before) }), `.${help} `, zoom);
  }

  #content({ fields, templates, left_out }) {
    const missing = left_out.map((part) => LEFT_OUT[part]).join(" and ");
    if (!missing && !fields.length && !templates.length) return [make("div", { class: "empty" }, make("h2", { text: "Nothing stands out" }), make("p", { text: "Both spans have much the same kinds of lines and values." }))];
    return [
      missing ? make("p", { class: "intro warned", text: `There was no time to compare ${missing}: choose a shorter span.` }) : null,
      templates.length ? this.#table("Messages", templates.map((one) => this.#template(one))) : null,
      fields.length ? this.#table("Values of fields", fields.map((one) => this.#field(one))) : null,
    ].filter(Boolean);
  }

  #table(caption, rows) {
    const cell = (text, isNumber) => make("th", { scope: "col", class: isNumber ? "n" : null, text });
    return make("table", { class: "sheet-table changes" }, make("caption", { text: caption }), make("thead", {}, make("tr", {}, cell("Change"), cell("Now", true), cell("Before", true), cell("What"))), make("tbody", {}, ...rows));
  }

  #row({ now, before, word, kind }, level, ...what) {
    return make(
      "tr",
      { "data-level": level || null },
      make("td", { class: `kind kind-${kind}`, text: word }),
      make("td", { class: "n", title: grouped(now), text: rounded(now) }),
      make("td", { class: "n quiet", title: grouped(before), text: rounded(before) }),
      make("td", { class: "template" }, ...what),
    );
  }

  #button(title, onclick, ...children) {
    return make("button", { type: "button", class: "link mono", title: `${title}\nClick: only these lines; with Alt: without them`, onclick }, ...children);
  }

  #template({ pattern_id: id, template, level, now, before, kind }) {
    const word = kind === "new" || kind === "vanished" ? KINDS[kind] : change(now, before);
    const open = this.#button(template.slice(0, 500), (event) => this.callbacks.onPattern(id, { isExcluded: event.altKey }), ...templateParts(template));
    return this.#row({ now, before, word, kind }, level, make("span", { class: "badge", text: level }), " ", open);
  }

  #field({ field: written, value, now, before }) {
    const field = unescaped(written);
    const kind = !before ? "new" : !now ? "vanished" : now > before ? "grew" : "shrank";
    const open = this.#button(`${field}: ${value}`, (event) => this.callbacks.onValue(field, value, { isExcluded: event.altKey }), make("span", { class: "quiet", text: `${field}: ` }), value === "" ? "(empty)" : value);
    return this.#row({ now, before, word: change(now, before) || KINDS[kind], kind }, null, open);
  }
}
