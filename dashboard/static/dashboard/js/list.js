/* The lines: only the rows in sight exist, so fifty thousand cost as much as fifty. */

import { oncePerFrame } from "./dom.js";
import { Heights } from "./heights.js";
import { Row } from "./row.js";

const OVERSCAN = 8;
const NEAR_END_ROWS = 40;
const MOST_WRAPPED_LINES = 24;

export class List {
  /** Callbacks: onOpen(record), onNearEnd(), onScroll(isAtTop). */
  constructor(viewport, rows, { onOpen, onNearEnd, onScroll }) {
    Object.assign(this, { viewport, rows, onOpen, onNearEnd, onScroll });
    this.records = [];
    this.ids = new Set();
    this.look = { hasDates: false, marker: null, highlighter: null, columns: [], isWrapped: false };
    this.version = 0;
    this.selected = "";
    this.pool = [];
    this.heights = new Heights();
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
    this.records = records;
    this.ids = new Set(records.map((record) => record.id));
    this.look = { ...this.look, ...look };
    this.viewport.scrollTop = 0;
    this.#restart();
  }

  /** The same lines, looking another way: `columns`, `isWrapped`, `highlighter` … */
  restyle(look) {
    const first = this.heights.at(this.viewport.scrollTop);
    this.look = { ...this.look, ...look };
    this.#measure();
    this.viewport.scrollTop = this.heights.top(first);
  }

  #restart() {
    this.heights.reset(this.records.length, { rowPx: this.rowPx, isUneven: this.look.isWrapped, guess: (i) => this.#guess(i) });
    this.version += 1;
    this.#resize();
    this.paintSoon();
  }

  /** How high a wrapped row will be, by its letters. */
  #guess(index) {
    const { message } = this.records[index];
    const lines = Math.min(Math.ceil(message.length / this.wrapLetters) || 1, MOST_WRAPPED_LINES);
    return this.rowPx + (lines - 1) * this.linePx;
  }

  /** Add older lines at the end. */
  append(records) {
    for (const record of this.#unknown(records)) this.records.push(record);
    this.heights.grow(this.records.length);
    this.version += 1;
    this.#resize();
    this.paintSoon();
  }

  /** Add newer lines at the top, keeping what is looked at in its place; at most `maxRecords` stay. */
  prepend(records, maxRecords) {
    const fresh = this.#unknown(records);
    if (!fresh.length) return 0;
    const wasAtTop = this.isAtTop;
    this.records = fresh.concat(this.records);
    for (const lost of this.records.splice(maxRecords)) this.ids.delete(lost.id);
    this.heights.grow(this.records.length, { before: fresh.length });
    this.version += 1;
    this.#resize();
    if (!wasAtTop) this.viewport.scrollTop += this.heights.top(Math.min(fresh.length, this.records.length));
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

  /** The record `step` lines further down, or the first one in sight. */
  neighbour(step) {
    const index = this.indexOf(this.selected);
    if (index < 0) return this.records[this.heights.at(this.viewport.scrollTop + this.rowPx / 2)];
    return this.records[Math.min(Math.max(index + step, 0), this.records.length - 1)];
  }

  #reveal(index) {
    this.#resize();
    const top = this.heights.top(index);
    const height = this.heights.height(index);
    const { scrollTop, clientHeight } = this.viewport;
    if (top < scrollTop) this.viewport.scrollTop = top;
    else if (top + height > scrollTop + clientHeight) this.viewport.scrollTop = top + height - clientHeight;
  }

  #measure() {
    const style = getComputedStyle(this.viewport);
    this.rowPx = Number.parseFloat(style.getPropertyValue("--row")) || 22;
    this.linePx = Number.parseFloat(style.getPropertyValue("--line-height")) || 18;
    this.wrapLetters = Math.max(20, (this.viewport.clientWidth - 260) / 7.3);
    this.#restart();
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
    this.rows.style.height = `${this.heights.total}px`;
  }

  #paint() {
    this.#resize();
    const { scrollTop, clientHeight } = this.viewport;
    const first = Math.max(0, this.heights.at(scrollTop) - OVERSCAN);
    const last = Math.min(this.records.length, this.heights.at(scrollTop + clientHeight) + 1 + OVERSCAN);
    this.#fillPool(Math.max(last - first, Math.ceil(clientHeight / this.rowPx) + 2 * OVERSCAN + 1));
    const used = new Set();
    for (let i = first; i < last; i += 1) {
      const row = this.pool[i % this.pool.length];
      used.add(row);
      this.#paintRow(row, i);
    }
    for (const row of this.pool) row.element.hidden = !used.has(row);
    if (this.look.isWrapped) this.#settle(first, last);
    this.#markActive();
    if (this.records.length && last > this.records.length - NEAR_END_ROWS) this.onNearEnd();
  }

  /** Learn how high wrapped rows are, and move what stands below them; what is looked at stays. */
  #settle(first, last) {
    const anchor = this.heights.at(this.viewport.scrollTop);
    const measured = [];
    for (let i = first; i < last; i += 1) measured.push(this.pool[i % this.pool.length].element.offsetHeight);
    let shift = 0;
    let hasChanged = false;
    for (const [n, px] of measured.entries()) {
      const grown = this.heights.set(first + n, px);
      hasChanged ||= grown !== 0;
      if (first + n < anchor) shift += grown;
    }
    if (!hasChanged) return;
    this.#resize();
    for (let i = first; i < last; i += 1) this.#place(this.pool[i % this.pool.length], i);
    if (shift) this.viewport.scrollTop += shift;
    this.paintSoon();
  }

  #fillPool(size) {
    if (this.pool.length >= size) return;
    for (const row of this.pool) row.key = null;
    while (this.pool.length < size) {
      const row = new Row();
      this.pool.push(row);
      this.rows.append(row.element);
    }
  }

  #place(row, index) {
    row.element.style.transform = `translateY(${this.heights.top(index)}px)`;
  }

  #paintRow(row, index) {
    const record = this.records[index];
    const key = `${index} ${this.version}`;
    if (row.key === key) return;
    row.key = key;
    row.element.hidden = false;
    if (row.record !== record || row.look !== this.look) row.show(record, this.look);
    row.record = record;
    row.look = this.look;
    const { element } = row;
    element.dataset.index = index;
    element.id = `line-${record.id}`;
    this.#place(row, index);
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
