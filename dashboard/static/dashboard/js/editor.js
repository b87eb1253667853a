/* The query field: coloured while typed, completed by what there is, with mistakes marked in place. */

import { get } from "./api.js";
import { byId, make } from "./dom.js";
import { grouped, rounded } from "./format.js";
import { tokens } from "./tokens.js";

const TYPING_MS = 120;
const MOST_ITEMS = 20;

const field = byId("q");
const ink = byId("ink");
const problem = byId("query-problem");
const box = byId("completion");

/* positions: the server counts characters, a text field counts UTF-16 units */
const toServer = (text, at) => Array.from(text.slice(0, at)).length;
const toField = (text, at) => Array.from(text).slice(0, at).join("").length;

let wrongAt = -1;

function paintInk() {
  const text = field.value;
  const parts = tokens(text).map((token) => {
    const isWrong = wrongAt >= token.from && wrongAt < token.to;
    return make("span", { class: `t-${token.kind}${isWrong ? " wrong" : ""}`, text: token.text });
  });
  if (wrongAt >= text.length) parts.push(make("span", { class: "wrong", text: " " }));
  ink.replaceChildren(...parts, "\n");
  ink.scrollTop = field.scrollTop;
}

/** Says below the query where it cannot be read; null takes it away. */
export function showQueryProblem(error, q = "") {
  problem.hidden = !error;
  field.setAttribute("aria-invalid", String(Boolean(error)));
  const position = error?.data.position;
  wrongAt = Number.isInteger(position) && field.value.trim() === q ? toField(field.value, position) : -1;
  paintInk();
  if (!error) return;
  const shown = [make("p", {}, make("strong", { text: error.message })), make("p", { text: error.hint || "" })];
  if (Number.isInteger(position)) {
    const letters = Array.from(q);
    const at = make("span", { class: "at", text: letters[position] ?? "␣" });
    const after = letters.slice(position + 1, position + 40).join("");
    shown.unshift(make("pre", {}, letters.slice(Math.max(0, position - 40), position).join(""), at, after));
  }
  problem.replaceChildren(...shown);
}

/** Puts a query into the field, unless it stands there. */
export function showQuery(q) {
  if (field.value.trim() === q) return;
  field.value = q;
  wrongAt = -1;
  paintInk();
}

export class Editor {
  /** Callbacks: onSearch(q), asked() → {app, start, end}, recent() → promise of [q]. */
  constructor(callbacks) {
    this.callbacks = callbacks;
    this.items = [];
    this.chosen = -1;
    this.timer = 0;
    this.abort = null;
    this.isMissing = false;
    field.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#search();
    });
    field.addEventListener("input", () => this.#typed());
    field.addEventListener("scroll", () => (ink.scrollTop = field.scrollTop));
    field.addEventListener("keydown", (event) => this.#key(event));
    field.addEventListener("blur", () => this.#hide());
    field.addEventListener("click", () => this.#later());
    box.addEventListener("pointerdown", (event) => {
      event.preventDefault(); /* the field keeps the focus */
      const item = event.target.closest("[data-index]");
      if (item) this.#take(Number(item.dataset.index));
    });
    paintInk();
  }

  #search() {
    this.#hide();
    this.callbacks.onSearch(field.value.trim());
  }

  #typed() {
    showQueryProblem(null);
    this.#later();
  }

  #later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#suggest(), TYPING_MS);
  }

  #key(event) {
    if (event.isComposing) return;
    const act = this.#actOf(event);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  #actOf({ key, shiftKey, ctrlKey }) {
    const isOpen = !box.hidden;
    const isRecentKey = (key === "ArrowUp" && this.#isInFirstLine()) || (key === "ArrowDown" && !field.value);
    if (key === " " && ctrlKey) return () => this.#suggest();
    if (isOpen && key === "ArrowDown") return () => this.#choose(this.chosen + 1);
    if (isOpen && key === "ArrowUp") return () => this.#choose(this.chosen - 1);
    if (isOpen && key === "Escape") return () => this.#hide();
    if (isOpen && this.chosen >= 0 && ((key === "Enter" && !shiftKey) || key === "Tab")) return () => this.#take(this.chosen);
    if (key === "Enter" && !shiftKey) return () => this.#search();
    return isRecentKey && !shiftKey ? () => this.#showRecent() : null;
  }

  #isInFirstLine() {
    return !field.value.slice(0, field.selectionStart).includes("\n");
  }

  async #suggest() {
    clearTimeout(this.timer);
    if (this.isMissing || document.activeElement !== field) return;
    this.abort?.abort();
    this.abort = new AbortController();
    const q = field.value;
    const cursor = toServer(q, field.selectionStart);
    const { app, start, end } = this.callbacks.asked();
    try {
      const answer = await get("logs/suggest", { app, start, end, q, cursor }, this.abort.signal);
      if (field.value !== q || document.activeElement !== field) return;
      const span = { from: toField(q, answer.from), to: toField(q, answer.to) };
      this.#show(answer.items.slice(0, MOST_ITEMS).map((item) => ({ ...item, ...span })));
    } catch (error) {
      if (error.status === 404) this.isMissing = true;
      if (error.name !== "AbortError") this.#hide();
    }
  }

  async #showRecent() {
    const recent = await this.callbacks.recent();
    const isNew = (q) => q && q !== field.value.trim();
    this.#show([...new Set(recent)].filter(isNew).slice(0, MOST_ITEMS).map((text) => ({ text, insert: text, detail: "", from: 0, to: field.value.length, isWhole: true })));
    if (this.items.length) this.#choose(0);
  }

  #show(items) {
    const typed = items[0] ? field.value.slice(items[0].from, items[0].to) : "";
    this.items = items.filter(({ insert }) => insert.trim() !== typed);
    this.chosen = -1;
    if (!this.items.length) {
      this.#hide();
      return;
    }
    box.replaceChildren(...this.items.map((item, i) => this.#item(item, i)));
    box.hidden = false;
    field.setAttribute("aria-expanded", "true");
    field.removeAttribute("aria-activedescendant");
  }

  #item({ text, detail, count }, index) {
    const n = count === null || count === undefined ? null : make("span", { class: "n", title: `${grouped(count)} lines`, text: rounded(count) });
    return make("li", { role: "option", id: `completion-${index}`, "data-index": index, "aria-selected": "false" }, make("span", { class: "mono text", text }), make("span", { class: "quiet", text: detail || "" }), n);
  }

  #choose(index) {
    this.chosen = (index + this.items.length) % this.items.length;
    for (const [i, item] of [...box.children].entries()) item.setAttribute("aria-selected", String(i === this.chosen));
    field.setAttribute("aria-activedescendant", `completion-${this.chosen}`);
    box.children[this.chosen].scrollIntoView({ block: "nearest" });
  }

  #take(index) {
    const { insert, from, to, isWhole } = this.items[index];
    field.setRangeText(insert, from, to, "end");
    this.#hide();
    showQueryProblem(null);
    if (!isWhole) this.#later();
  }

  #hide() {
    clearTimeout(this.timer);
    box.hidden = true;
    this.chosen = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }
}
