/* One line in full: every field, with what can be done with its value. */

import { copy, make } from "./dom.js";
import * as time from "./time.js";

const FIELDS = ["app", "source", "service", "host", "logger", "level", "trace_id", "span_id"];

export class Drawer {
  /** Callbacks: onClose(), onStep(±1), onValue(name, value, {isAttribute, isExcluded}). */
  constructor(root, panes, callbacks) {
    Object.assign(this, { root, panes, callbacks });
    this.record = null;
  }

  get isOpen() {
    return !this.root.hidden;
  }

  show(record) {
    const isSame = this.record?.id === record.id && this.isOpen;
    this.record = record;
    this.#open();
    if (isSame) return;
    this.root.dataset.level = record.level;
    this.root.replaceChildren(this.#header(record), this.#body(record));
  }

  /** While the line is fetched, or where it cannot be had. */
  say(sentence) {
    this.record = null;
    this.#open();
    const close = this.#button("Close", "Close (Esc)", () => this.callbacks.onClose());
    const header = make("header", {}, make("span", { class: "when" }), close);
    this.root.replaceChildren(header, make("div", { class: "body" }, make("p", { role: "status", text: sentence })));
  }

  close() {
    this.record = null;
    this.root.hidden = true;
    this.root.replaceChildren();
    this.panes.classList.remove("has-drawer");
  }

  #open() {
    this.root.hidden = false;
    this.panes.classList.add("has-drawer");
  }

  #button(text, title, onclick) {
    return make("button", { class: "button small", type: "button", title, onclick, text });
  }

  #header(record) {
    const ms = time.parse(record.timestamp);
    const link = `${location.origin}/logs/${record.id}`;
    return make(
      "header",
      {},
      make("strong", { class: "badge", text: record.level }),
      make("span", { class: "when mono", title: time.hover(record.timestamp), text: time.dateAndTime(ms) }),
      this.#button("↑", "Newer line (k)", () => this.callbacks.onStep(-1)),
      this.#button("↓", "Older line (j)", () => this.callbacks.onStep(1)),
      this.#button("Copy link", "Copy the address of this line", () => copy(link, "Link")),
      this.#button("Close", "Close (Esc)", () => this.callbacks.onClose()),
    );
  }

  #body(record) {
    const arrived = `arrived ${time.dateAndTime(time.parse(record.received_at))}`;
    const attributes = Object.entries(record.attributes).sort(([a], [b]) => (a < b ? -1 : 1));
    const fields = FIELDS.filter((name) => record[name]).map((name) => [name, String(record[name])]);
    return make(
      "div",
      { class: "body" },
      make("pre", { class: "message", tabindex: "0", "aria-label": "Message", text: record.message }),
      make("p", { class: "times", text: `${time.hover(record.timestamp)} · ${arrived}` }),
      attributes.length ? this.#table("Attributes", attributes, true) : null,
      this.#table("Fields", fields, false),
      this.#json(record),
    );
  }

  #table(caption, pairs, isAttribute) {
    const body = make("tbody");
    for (const [name, value] of pairs) body.append(this.#line(name, value, isAttribute));
    return make("table", { class: "values" }, make("caption", { text: caption }), body);
  }

  #line(name, value, isAttribute) {
    const { onValue } = this.callbacks;
    const act = (text, title, onclick) =>
      make("button", { class: "act", type: "button", title, "aria-label": `${title}: ${name}`, onclick, text });
    return make(
      "tr",
      {},
      make("th", { scope: "row", text: name }),
      make("td", { text: value }),
      make(
        "td",
        { class: "acts" },
        name === "app" ? null : act("+", "Only lines with this value", () => onValue(name, value, { isAttribute, isExcluded: false })),
        name === "app" ? null : act("−", "Without this value", () => onValue(name, value, { isAttribute, isExcluded: true })),
        act("Copy", "Copy this value", () => copy(value, "Value")),
      ),
    );
  }

  #json(record) {
    const text = JSON.stringify(record, null, 2);
    return make(
      "details",
      {},
      make("summary", { text: "JSON" }),
      make("pre", { tabindex: "0", "aria-label": "The line as JSON", text }),
      this.#button("Copy JSON", "Copy the line as JSON", () => copy(text, "JSON")),
    );
  }
}
