/* The panel of fields: which values there are, how often, and one click to keep or leave them out. */

import { get } from "./api.js";
import { byId, make } from "./dom.js";
import { grouped, rounded } from "./format.js";
import { choiceOf, containing, listed, missing, withClause, withoutField } from "./query.js";
import { remember, remembered } from "./state.js";
import * as time from "./time.js";
import { unescaped } from "./tokens.js";

const ALWAYS = ["level", "service", "host", "source"];
const COMMON = 4;
const SHOWN = 8;
const SEARCHED = 50;
const FIELDS_KEPT_MS = 60e3;
const TYPING_MS = 200;

export class Facets {
  /** Callbacks: onValue(field, value, {isExcluded}), onClause(clause), onColumn(field), columns(). */
  constructor(callbacks) {
    this.callbacks = callbacks;
    this.root = byId("facets");
    this.box = byId("facet-list");
    this.finder = byId("facet-find");
    this.button = byId("facets-button");
    this.asked = null;
    this.fields = [];
    this.open = new Map();
    this.hasChosen = false;
    this.answers = new Map();
    this.isMissing = this.isUnread = false;
    this.abort = null;
    this.timer = 0;
    this.isPressed = this.isDue = false;
    this.phone = matchMedia("(max-width: 720px)");
    this.#listen();
    this.#showPanel(!this.phone.matches && remembered("facets") !== "closed");
  }

  #listen() {
    this.button.addEventListener("click", () => this.toggle());
    byId("facets-close").addEventListener("click", () => this.toggle(false));
    this.finder.addEventListener("input", () => this.#soon(() => this.#find()));
    this.box.addEventListener("click", (event) => this.#clicked(event));
    this.box.addEventListener("pointerdown", () => (this.isPressed = true));
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => setTimeout(() => this.#released()));
    this.phone.addEventListener("change", () => this.#showPanel(!this.phone.matches && remembered("facets") !== "closed"));
  }

  #soon(work) {
    clearTimeout(this.timer);
    this.timer = setTimeout(work, TYPING_MS);
  }

  get isShown() {
    return !this.root.hidden;
  }

  toggle(isShown = !this.isShown) {
    if (this.isMissing) return;
    if (!this.phone.matches) remember("facets", isShown ? "open" : "closed");
    this.#showPanel(isShown);
    if (isShown) {
      this.refresh();
      if (this.phone.matches) byId("facets-close").focus();
    } else this.button.focus({ preventScroll: true });
  }

  #showPanel(isShown) {
    this.root.hidden = !isShown;
    this.button.setAttribute("aria-expanded", String(isShown));
  }

  focus() {
    this.toggle(true);
    this.finder.focus();
  }

  /**
   * What is searched now: {app, q, start, end}; the panel asks only while it is shown. `isUnread`: what was
   * typed cannot be searched; the values are those of all lines, and choosing one starts anew.
   */
  show(asked, { isUnread = false } = {}) {
    const isOtherApp = asked.app !== this.asked?.app;
    this.asked = asked;
    this.isUnread = isUnread;
    if (isOtherApp) {
      this.fields = [];
      this.fieldsAt = 0;
      this.answers.clear();
      this.#openFirst();
      this.box.replaceChildren();
    }
    if (this.isShown) this.refresh();
  }

  /** Nothing to count yet. */
  waits() {
    this.box.replaceChildren(make("p", { class: "quiet", text: "The fields of the lines will be counted here." }));
  }

  async refresh() {
    if (!this.asked) return;
    this.abort?.abort();
    this.abort = new AbortController();
    const { signal } = this.abort;
    this.box.classList.add("is-stale");
    if (!this.box.children.length) this.box.append(make("p", { class: "quiet", role: "status", text: "Counting …" }));
    try {
      await Promise.all([this.#askFields(signal), this.#askValues(this.#opened(), signal).then(() => this.#paint())]);
      await this.#askValues(this.#opened().filter((name) => !this.answers.has(name)), signal);
      await this.#find();
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error.status === 404) this.#giveUp();
      else this.box.replaceChildren(make("p", { class: "quiet", text: `${error.message} ${error.hint || ""}` }));
    }
    this.box.classList.remove("is-stale");
  }

  #giveUp() {
    this.isMissing = true;
    this.#showPanel(false);
    this.button.hidden = true;
  }

  async #askFields(signal) {
    if (this.fields.length && Date.now() - this.fieldsAt < FIELDS_KEPT_MS) return;
    const { app, start, end } = this.asked;
    const answer = await get("logs/fields", { app, start, end, limit: 200 }, signal);
    const fields = answer.fields.map((field) => ({ ...field, name: unescaped(field.name) }));
    this.fields = fields.filter(({ name }) => !["message", "timestamp", "received_at", "id", "app", "severity"].includes(name));
    this.fieldsAt = Date.now();
    if (!this.hasChosen) this.#openCommon();
  }

  /** At first the columns are open, or what was open the last time. */
  #openFirst() {
    const kept = remembered(`fields:${this.asked.app}`)?.split("\n").filter(Boolean);
    this.hasChosen = Boolean(kept);
    this.open = new Map((kept || ALWAYS).map((name) => [name, { limit: SHOWN }]));
  }

  /** On a first visit, also the attributes that most lines have and that have few values. */
  #openCommon() {
    const isUseful = ({ is_attribute, type, cardinality }) => is_attribute && type !== "time" && cardinality > 1 && cardinality <= 40;
    const common = this.fields.filter(isUseful).sort((a, b) => b.share - a.share);
    for (const { name } of common.slice(0, COMMON)) if (!this.open.has(name)) this.open.set(name, { limit: SHOWN });
  }

  #opened() {
    return [...this.open.keys()];
  }

  /** Values of fields; one that the query speaks about is counted as if it did not, to offer more. */
  async #askValues(names, signal) {
    if (!names.length) return;
    const { q } = this.asked;
    const own = names.filter((name) => choiceOf(q, name).isNarrowed || this.open.get(name)?.limit !== SHOWN);
    const rest = names.filter((name) => !own.includes(name));
    const asks = own.map((name) => this.#ask([name], withoutField(q, name), this.open.get(name)?.limit || SHOWN, signal));
    if (rest.length) asks.push(this.#ask(rest, q, SHOWN, signal));
    await Promise.all(asks);
  }

  async #ask(names, q, limit, signal) {
    const texts = listed(names);
    const answer = await get("logs/facets", { ...this.asked, q, fields: texts.join(","), limit }, signal);
    for (const [i, name] of names.entries()) {
      const text = texts[i];
      this.answers.set(name, { values: answer.fields[text] || [], missing: answer.missing[text] || 0, isChosen: answer.chosen.includes(text), isCut: answer.truncated.includes(text), limit });
    }
  }

  /** Look for the text in names of fields, and in the values of those that are open. */
  async #find() {
    const text = this.finder.value.trim();
    this.found = null;
    if (text && this.asked) {
      const names = this.#opened().filter((name) => name !== "level");
      const one = async (name) => {
        const q = withClause(withoutField(this.asked.q, name), containing(name, text));
        const [field] = listed([name]);
        const answer = await get("logs/facets", { ...this.asked, q, fields: field, limit: SEARCHED });
        return [name, answer.fields[field] || []];
      };
      const answers = await Promise.all(names.map((name) => one(name).catch(() => [name, []])));
      if (this.finder.value.trim() !== text) return;
      const isHit = ({ value }) => value.toLowerCase().includes(text.toLowerCase());
      this.found = new Map(answers.map(([name, values]) => [name, values.filter(isHit)]));
    }
    this.#paint();
  }

  /* painting */

  /** A click is of the button it began on: nothing is painted anew while one is pressed. */
  #released() {
    this.isPressed = false;
    if (this.isDue) this.#paint();
  }

  #paint() {
    this.isDue = this.isPressed;
    if (this.isDue) return;
    const focused = document.activeElement?.closest?.("[data-key]")?.dataset.key;
    const top = this.box.scrollTop;
    const text = this.finder.value.trim().toLowerCase();
    const opened = this.#opened();
    const closed = this.fields.filter(({ name }) => !this.open.has(name) && (!text || name.toLowerCase().includes(text)));
    if (!this.fields.length && opened.every((name) => !this.answers.get(name)?.values.length)) {
      this.waits();
      return;
    }
    const shown = opened.filter((name) => !text || name.toLowerCase().includes(text) || this.found?.get(name)?.length);
    const parts = shown.map((name) => this.#group(name, text));
    if (closed.length) {
      parts.push(make("h3", { class: "quiet", text: opened.length ? "More fields" : "Fields" }));
      parts.push(make("ul", { class: "more-fields" }, ...closed.slice(0, 100).map((field) => this.#closedField(field))));
    }
    if (this.isUnread) parts.unshift(make("p", { class: "quiet", text: "The search cannot be read: these are counts of all lines. A click starts a new search." }));
    if (!parts.length) parts.push(make("p", { class: "quiet", text: text ? "No field or value has this in it." : "No fields in this range." }));
    this.box.replaceChildren(...parts);
    this.box.scrollTop = top;
    if (focused) [...this.box.querySelectorAll("[data-key]")].find((element) => element.dataset.key === focused)?.focus({ preventScroll: true });
  }

  #closedField({ name, share, cardinality }) {
    const title = `${name}: in ${Math.round(share * 100)} % of the lines, ${grouped(cardinality)} values. Click to see them.`;
    return make(
      "li",
      {},
      make("button", { type: "button", class: "facet-open", "data-act": "open", "data-field": name, "data-key": `open ${name}`, title, "aria-expanded": "false" }, make("span", { text: name }), make("span", { class: "quiet", text: share < 0.01 ? "< 1 %" : `${Math.round(share * 100)} %` })),
    );
  }

  #group(name, text) {
    const answer = this.answers.get(name);
    const { included, excluded } = choiceOf(this.asked.q, name);
    const found = text && !name.toLowerCase().includes(text) ? this.found?.get(name) : null;
    const values = found || this.#withChosen(answer?.values || [], [...included, ...excluded], name);
    const most = Math.max(...values.map(({ count }) => count), 1);
    const items = values.map((one) => this.#value(name, one, most, { included, excluded }));
    if (answer?.missing && !found) items.push(this.#missing(name, answer.missing));
    const isCut = !found && answer?.isCut && answer.limit < SEARCHED;
    const isColumn = this.callbacks.columns().includes(name);
    return make(
      "section",
      { class: "facet", "aria-label": `Values of ${name}` },
      make(
        "header",
        {},
        make("button", { type: "button", class: "facet-name", "data-act": "close", "data-field": name, "data-key": `close ${name}`, title: `${name}: hide its values`, "aria-expanded": "true", text: name }),
        make("button", { type: "button", class: "act", "data-act": "column", "data-field": name, "data-key": `column ${name}`, title: isColumn ? "Take this column out of the list" : "Show as a column of the list", "aria-pressed": String(isColumn), "aria-label": `Column: ${name}`, text: "Column" }),
      ),
      make("ul", {}, ...items),
      items.length ? null : make("p", { class: "quiet none", text: answer ? "no values here" : " " }),
      answer?.isChosen && !found ? make("p", { class: "quiet none", text: "Too many values to compare each: the most frequent were chosen, then counted exactly." }) : null,
      isCut ? make("button", { type: "button", class: "act", "data-act": "all", "data-field": name, "data-key": `all ${name}`, text: "More values" }) : null,
    );
  }

  /** Chosen values stay in sight, also where none of the lines has them. */
  #withChosen(values, chosen, name) {
    const given = new Set(values.map(({ value }) => (name === "level" ? value.toLowerCase() : value)));
    const absent = [...new Set(chosen)].filter((value) => !given.has(value));
    return [...values, ...absent.map((value) => ({ value: name === "level" ? value.toUpperCase() : value, count: 0 }))];
  }

  #value(field, { value, count }, most, { included, excluded }) {
    const key = field === "level" ? value.toLowerCase() : value;
    const state = included.includes(key) ? "in" : excluded.includes(key) ? "out" : "";
    const words = value === "" ? "(empty)" : value;
    const title = `${words}\n${grouped(count)} lines, ${time.words(this.callbacks.state())}\nClick: only these; with Alt: without them`;
    const bar = make("span", { class: "bar", "aria-hidden": "true" });
    bar.style.width = `${(count / most) * 100}%`;
    const data = { "data-field": field, "data-value": value };
    return make(
      "li",
      { "data-state": state, "data-level": field === "level" ? value : null },
      bar,
      make("button", { type: "button", class: "only", "data-act": "only", "data-key": `only ${field} ${value}`, ...data, title, "aria-pressed": String(state === "in") }, make("span", { class: "text", text: words }), make("span", { class: "n", text: rounded(count) })),
      make("button", { type: "button", class: "less", "data-act": "less", "data-key": `less ${field} ${value}`, ...data, title: state === "out" ? "No longer without these" : "Without these lines", "aria-pressed": String(state === "out"), "aria-label": `Without ${field} ${words}`, text: "−" }),
    );
  }

  #missing(field, count) {
    const title = `${grouped(count)} lines have no ${field}. Click: only these`;
    return make("li", { class: "quiet" }, make("button", { type: "button", class: "only", "data-act": "missing", "data-field": field, "data-key": `missing ${field}`, title }, make("em", { class: "text", text: "not there" }), make("span", { class: "n", text: rounded(count) })));
  }

  #clicked(event) {
    const target = event.target.closest("[data-act]");
    if (!target) return;
    const { act, field, value } = target.dataset;
    const acts = {
      only: () => this.callbacks.onValue(field, value, { isExcluded: event.altKey }),
      less: () => this.callbacks.onValue(field, value, { isExcluded: true }),
      missing: () => this.callbacks.onClause(missing(field)),
      column: () => this.callbacks.onColumn(field),
      open: () => this.#setOpen(field, true),
      close: () => this.#setOpen(field, false),
      all: () => this.#more(field),
    };
    acts[act]?.();
  }

  #setOpen(field, isOpen) {
    if (isOpen) this.open.set(field, { limit: SHOWN });
    else this.open.delete(field);
    this.hasChosen = true;
    remember(`fields:${this.asked.app}`, this.#opened().join("\n"));
    this.#paint();
    if (isOpen) this.refresh();
  }

  #more(field) {
    this.open.set(field, { limit: SEARCHED });
    this.refresh();
  }

  /** Columns or words of the range changed; the numbers are the same. */
  repaint() {
    if (this.isShown && this.asked && this.answers.size) this.#paint();
  }
}
