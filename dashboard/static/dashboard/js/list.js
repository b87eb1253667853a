/* The lines: only the rows in sight exist, so ten thousand cost as much as fifty. */

import { make, oncePerFrame } from "./dom.js";
import { oneLine } from "./format.js";
import * as time from "./time.js";

const OVERSCAN = 8;
const NEAR_END_ROWS = 60;

class Row {
  constructor() {
    this.when = make("span", { class: "when" });
    this.letter = make("span", { class: "letter" });
    this.service = make("span", { class: "service" });
    this.message = make("span", { class: "message" });
    this.element = make("div", { class: "row", role: "option" }, this.when, this.letter, this.service, this.message);
    this.key = null;
  }

  show(record, { hasDates, marker }) {
    const ms = time.parse(record.timestamp);
    this.element.dataset.level = record.level;
    this.when.textContent = hasDates ? time.dateAndTime(ms) : time.timeOfDay(ms);
    this.letter.textContent = record.level[0];
    this.letter.title = record.level;
    this.service.textContent = record.service || record.source || "";
    this.message.replaceChildren(...marked(oneLine(record.message), marker));
    this.when.title = time.hover(record.timestamp);
  }
}

/** Text split so that what was searched for can be underlined. */
function marked(text, marker) {
  if (!marker) return [text];
  return text.split(marker).map((part, i) => (i % 2 ? make("mark", { text: part }) : part));
}

export class List {
  /** Callbacks: onOpen(record), onNearEnd(), onScroll(isAtTop). */
  constructor(viewport, rows, { onOpen, onNearEnd, onScroll }) {
    Object.assign(this, { viewport, rows, onOpen, onNearEnd, onScroll });
    this.records = [];
    this.ids = new Set();
    this.look = { hasDates: false, marker: null };
    this.version = 0;
    this.selected = "";
    this.pool = [];
    this.paintSoon = oncePerFrame(() => this.#paint());
    viewport.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    rows.addEventListener("click", (event) => this.#clicked(event));
    new ResizeObserver(() => this.#measure()).observe(viewport);
    this.#measure();
  }

  get isAtTop() {
    return this.viewport.scrollTop < this.rowPx / 2;
  }

  /** Replace everything; the view goes to the newest line. */
  show(records, look) {
    this.look = look;
    this.records = records.slice();
    this.ids = new Set(records.map((record) => record.id));
    this.version += 1;
    this.viewport.classList.toggle("has-dates", look.hasDates);
    this.viewport.parentElement.classList.toggle("has-dates", look.hasDates);
    this.viewport.scrollTop = 0;
    this.paintSoon();
  }

  /** Add older lines at the end. */
  append(records) {
    for (const record of this.#unknown(records)) this.records.push(record);
    this.paintSoon();
  }

  /** Add newer lines at the top, newest first; the view keeps its place unless it is at the top. */
  prepend(records, maxRecords) {
    const fresh = this.#unknown(records);
    if (!fresh.length) return 0;
    const wasAtTop = this.isAtTop;
    this.records = fresh.concat(this.records);
    for (const lost of this.records.splice(maxRecords)) this.ids.delete(lost.id);
    this.version += 1;
    this.#resize();
    if (!wasAtTop) this.viewport.scrollTop += fresh.length * this.rowPx;
    this.paintSoon();
    return fresh.length;
  }

  #unknown(records) {
    return records.filter((record) => {
      if (this.ids.has(record.id)) return false;
      this.ids.add(record.id);
      return true;
    });
  }

  toTop() {
    this.viewport.scrollTop = 0;
    this.paintSoon();
  }

  indexOf(id) {
    return id ? this.records.findIndex((record) => record.id === id) : -1;
  }

  /** Mark a line and bring it into sight. */
  select(id) {
    this.selected = id;
    const index = this.indexOf(id);
    if (index >= 0) this.#reveal(index);
    this.version += 1;
    this.paintSoon();
  }

  /** The record `step` lines further down, or the first one. */
  neighbour(step) {
    const index = this.indexOf(this.selected);
    if (index < 0) return this.records[Math.round(this.viewport.scrollTop / this.rowPx)];
    return this.records[Math.min(Math.max(index + step, 0), this.records.length - 1)];
  }

  #reveal(index) {
    this.#resize();
    const top = index * this.rowPx;
    const { scrollTop, clientHeight } = this.viewport;
    if (top < scrollTop) this.viewport.scrollTop = top;
    else if (top + this.rowPx > scrollTop + clientHeight) this.viewport.scrollTop = top + this.rowPx - clientHeight;
  }

  #measure() {
    this.rowPx = Number.parseFloat(getComputedStyle(this.viewport).getPropertyValue("--row")) || 22;
    this.version += 1;
    this.paintSoon();
  }

  #scrolled() {
    this.onScroll(this.isAtTop);
    this.paintSoon();
  }

  #clicked(event) {
    const element = event.target.closest(".row");
    const record = element && this.records[Number(element.dataset.index)];
    if (record && !String(getSelection())) this.onOpen(record);
  }

  #resize() {
    this.rows.style.height = `${this.records.length * this.rowPx}px`;
  }

  #paint() {
    this.#resize();
    const { scrollTop, clientHeight } = this.viewport;
    const first = Math.max(0, Math.floor(scrollTop / this.rowPx) - OVERSCAN);
    const last = Math.min(this.records.length, Math.ceil((scrollTop + clientHeight) / this.rowPx) + OVERSCAN);
    this.#fillPool(Math.ceil(clientHeight / this.rowPx) + 2 * OVERSCAN + 1);
    const used = new Set();
    for (let i = first; i < last; i += 1) {
      const row = this.pool[i % this.pool.length];
      used.add(row);
      this.#paintRow(row, i);
    }
    for (const row of this.pool) row.element.hidden = !used.has(row);
    this.#markActive();
    if (this.records.length && last > this.records.length - NEAR_END_ROWS) this.onNearEnd();
  }

  #fillPool(size) {
    while (this.pool.length < size) {
      const row = new Row();
      this.pool.push(row);
      this.rows.append(row.element);
    }
  }

  #paintRow(row, index) {
    const record = this.records[index];
    const key = `${index} ${this.version}`;
    if (row.key === key) return;
    row.key = key;
    if (row.record !== record || row.look !== this.look) row.show(record, this.look);
    row.record = record;
    row.look = this.look;
    const { element } = row;
    element.dataset.index = index;
    element.id = `line-${record.id}`;
    element.style.transform = `translateY(${index * this.rowPx}px)`;
    element.setAttribute("aria-selected", String(record.id === this.selected));
    element.setAttribute("aria-posinset", index + 1);
    element.setAttribute("aria-setsize", this.records.length);
  }

  #markActive() {
    const isShown = this.selected && this.pool.some((row) => !row.element.hidden && row.record?.id === this.selected);
    if (isShown) this.viewport.setAttribute("aria-activedescendant", `line-${this.selected}`);
    else this.viewport.removeAttribute("aria-activedescendant");
  }
}
