/* One line in full: every field, what can be done with its value, why it stands out, what was around. */

import { get } from "./api.js";
import { hasEscapes } from "./ansi.js";
import { Around } from "./around.js";
import { copy, make, menuAt, byId } from "./dom.js";
import { comparing, existing, nameOf } from "./query.js";
import { messageParts } from "./row.js";
import * as time from "./time.js";
import { attributeTree } from "./tree.js";

const FIELDS = ["app", "source", "service", "host", "logger", "level", "trace_id", "span_id"];
const PANES = [["fields", "Fields"], ["around", "Around"], ["json", "Raw"]];
const LOOK = { isWrapped: true, marker: null, highlighter: null };
const isNumber = (value) => /^-?\d+(\.\d+)?$/.test(value);

export class Drawer {
  /**
   * Callbacks: onClose(), onStep(±1), onPane(name), onOpen(record), onList(span), onTrace(record),
   * onPattern(id), onValue(name, value, {isExcluded}), onClause(text), onColumn(name), columns().
   */
  constructor(root, panes, callbacks) {
    Object.assign(this, { root, panes, callbacks });
    this.record = null;
    this.pane = "fields";
    this.around = new Around(callbacks);
  }

  get isOpen() {
    return !this.root.hidden;
  }

  show(record, pane) {
    const isSame = this.record?.id === record.id && this.pane === pane && this.isOpen;
    const hadFocus = this.root.contains(document.activeElement) && document.activeElement.dataset.pane;
    this.record = record;
    this.pane = pane;
    this.#open();
    if (isSame) return;
    this.root.dataset.level = record.level;
    this.root.replaceChildren(this.#header(record), this.#tabs(), this.#body(record));
    if (hadFocus) this.root.querySelector(`[data-pane=${pane}]`).focus();
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

  #tabs() {
    const tab = ([name, text]) => make("button", { type: "button", role: "tab", "data-pane": name, "aria-selected": String(name === this.pane), "aria-controls": "drawer-body", onclick: () => this.callbacks.onPane(name), text });
    return make("div", { class: "tabs", role: "tablist", "aria-label": "Of this line" }, ...PANES.map(tab));
  }

  #body(record) {
    const shown = { fields: () => this.#fields(record), around: () => [this.around.of(record)], json: () => this.#raw(record) }[this.pane]();
    return make("div", { class: "body", id: "drawer-body", role: "tabpanel", "aria-label": this.pane, tabindex: "0" }, ...shown);
  }

  #fields(record) {
    const fields = FIELDS.filter((name) => record[name]).map((name) => [name, String(record[name])]);
    const arrived = `arrived ${time.dateAndTime(time.parse(record.received_at))}`;
    const hasAttributes = Object.keys(record.attributes).length > 0;
    return [
      make("pre", { class: "message", tabindex: "0", "aria-label": "Message" }, ...messageParts(record.message, LOOK)),
      make("p", { class: "times", text: `${time.hover(record.timestamp)} · ${arrived}` }),
      this.#links(record),
      record.anomaly_score > 0 ? this.#unusual(record) : null,
      this.#redacted(record),
      hasAttributes ? make("h2", { text: "Attributes" }) : null,
      hasAttributes ? attributeTree(record.attributes, (name, value, label) => this.#leaf(name, value, label, true)) : null,
      make("h2", { text: "Fields" }),
      make("ul", { class: "tree" }, ...fields.map(([name, value]) => make("li", {}, this.#leaf(name, value, name, false)))),
    ];
  }

  #links(record) {
    const trace = record.trace_id ? this.#button("Lines of this trace", "Every line with the same trace id, oldest and newest", () => this.callbacks.onTrace(record)) : null;
    const same = record.pattern_id ? this.#button("Lines like this", "Every line of the same kind", () => this.callbacks.onPattern(record.pattern_id, { isExcluded: false })) : null;
    return make("div", { class: "actions" }, trace, same);
  }

  /** Why the line got its score; the sentence stands before the reasons come. */
  #unusual(record) {
    const list = make("ul");
    const box = make("div", { class: "notice" }, make("p", {}, make("strong", { text: `Unusual: ${record.anomaly_score} of 100` })), list);
    const ms = time.parse(record.timestamp);
    const asked = { app: record.app, q: `id:${record.id}`, start: time.iso(ms - 1000), end: time.iso(ms + 1000), min_score: 1, limit: 1 };
    get("logs/anomalies", asked)
      .then(({ results }) => list.append(...(results[0]?.reasons || []).map(({ text, points }) => make("li", { title: `${points} points`, text }))))
      .catch(() => null);
    return box;
  }

  #redacted(record) {
    const told = record.attributes.redacted;
    const isMarked = /\[redacted:/.test(record.message);
    if (!told && !isMarked) return null;
    let names = [];
    try {
      names = JSON.parse(told);
    } catch {
      /* an attribute of the sender's with this name */
    }
    const where = Array.isArray(names) && names.length ? ` in ${names.join(", ")}` : "";
    return make("p", { class: "notice", text: `Something was taken out of this line${where} before it was stored, by the redaction rules of its source. It cannot be had back.` });
  }

  #leaf(name, value, label, isAttribute) {
    const field = nameOf(name, isAttribute);
    const act = (text, title, onclick) => make("button", { class: "act", type: "button", title, "aria-label": `${title}: ${name}`, onclick, text });
    const isApp = field === "app";
    const only = () => this.callbacks.onValue(field, value, { isExcluded: false });
    const without = () => this.callbacks.onValue(field, value, { isExcluded: true });
    const text = make("button", { class: "value mono", type: "button", title: "What can be done with this value", "aria-haspopup": "menu", text: value === "" ? "(empty)" : value });
    text.addEventListener("click", () => String(getSelection()) || this.#menu(text, field, value, isApp));
    return make(
      "div",
      { class: "leaf" },
      make("span", { class: "name mono", title: name, text: label }),
      text,
      make("span", { class: "acts" }, isApp ? null : act("+", "Only lines with this value", only), isApp ? null : act("−", "Without this value", without)),
    );
  }

  #menu(anchor, field, value, isApp) {
    const { onValue, onClause, onColumn, columns } = this.callbacks;
    const number = isNumber(value) && !["trace_id", "span_id"].includes(field);
    const items = [
      ["Only lines with this value", () => onValue(field, value, { isExcluded: false })],
      ["Without this value", () => onValue(field, value, { isExcluded: true })],
      number && ["This much or more", () => onClause(comparing(field, ">=", value))],
      number && ["This much or less", () => onClause(comparing(field, "<=", value))],
      ["Only lines that have this field", () => onClause(existing(field))],
      [columns().includes(field) ? "Take the column out" : "Show as a column", () => onColumn(field)],
    ];
    const copying = ["Copy value", () => copy(value, "Value")];
    menuAt(byId("value-menu"), anchor, [...(isApp ? [] : items.filter(Boolean)), copying]);
  }

  #raw(record) {
    const text = JSON.stringify(record, null, 2);
    const note = hasEscapes(record.message) ? make("p", { class: "quiet", text: "Terminal codes are shown as they came." }) : null;
    return [
      make("h2", { text: "Message as it came" }),
      make("pre", { class: "message raw", tabindex: "0", "aria-label": "Message as it came", text: record.message.replaceAll("\u001b", "␛") }),
      note,
      make("div", { class: "actions" }, this.#button("Copy message", "Copy the message as it came", () => copy(record.message, "Message")), this.#button("Copy JSON", "Copy the line as JSON", () => copy(text, "JSON"))),
      make("h2", { text: "JSON" }),
      make("pre", { class: "raw", tabindex: "0", "aria-label": "The line as JSON", text }),
    ];
  }
}
