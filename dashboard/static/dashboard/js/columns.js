/* The head of the list: which columns there are, how wide, and changing both by mouse and keyboard. */

import { byId, make, menuAt } from "./dom.js";
import { valueIn } from "./format.js";

const FEWEST_LETTERS = 6;
const MOST_LETTERS = 30;
const SAMPLE = 200;

/** `columns` with `name` moved by `step` places. */
export function moved(columns, name, step) {
  const from = columns.indexOf(name);
  const to = Math.min(Math.max(from + step, 0), columns.length - 1);
  return columns.toSpliced(from, 1).toSpliced(to, 0, name);
}

/** `columns` with or without `name`; a new one stands before the message. */
export function toggled(columns, name) {
  if (columns.includes(name)) return columns.length > 1 ? columns.filter((one) => one !== name) : columns;
  const at = columns.indexOf("message");
  return at < 0 ? [...columns, name] : columns.toSpliced(at, 0, name);
}

export class Columns {
  /** `onColumns(columns)` gets what was chosen. */
  constructor(onColumns) {
    this.onColumns = onColumns;
    this.head = byId("head");
    this.results = this.head.parentElement;
    this.menu = byId("column-menu");
    this.columns = [];
    this.isFitted = false;
    this.head.addEventListener("click", (event) => this.#opened(event.target.closest("[data-column]")));
    this.#listenToDrags();
  }

  show(columns) {
    this.columns = columns;
    const cells = columns.map((name) =>
      make("button", { type: "button", draggable: "true", "data-column": name, title: `${name}: click to move or remove; drag to move`, "aria-haspopup": "menu", text: titleOf(name) }),
    );
    this.head.replaceChildren(make("span", { text: "Time" }), make("span", { title: "Level", text: "L" }), ...cells);
  }

  /** Make the columns as wide as what is in them. */
  fit(records) {
    const sample = records.slice(0, SAMPLE);
    this.isFitted = sample.length > 0;
    const wide = (name) => Math.max(titleOf(name).length + 1, ...sample.map((record) => (name === "service" ? record.service || record.source : valueIn(record, name)).length));
    const last = this.columns.includes("message") ? "message" : this.columns.at(-1);
    const widths = this.columns.map((name) => {
      if (name === last) return "minmax(0, 1fr)";
      return `${(Math.min(Math.max(wide(name), FEWEST_LETTERS), MOST_LETTERS) * 7.3 + 4).toFixed(0)}px`;
    });
    this.results.style.setProperty("--columns", widths.join(" "));
  }

  #opened(cell) {
    if (!cell) return;
    const name = cell.dataset.column;
    const act = (text, columns) => [text, () => this.onColumns(columns)];
    menuAt(this.menu, cell, [
      act("Move left", moved(this.columns, name, -1)),
      act("Move right", moved(this.columns, name, 1)),
      act("Remove column", toggled(this.columns, name)),
    ]);
  }

  #listenToDrags() {
    let dragged = "";
    this.head.addEventListener("dragstart", (event) => {
      dragged = event.target.closest("[data-column]")?.dataset.column || "";
      event.dataTransfer.setData("text/plain", dragged);
      event.dataTransfer.effectAllowed = "move";
    });
    this.head.addEventListener("dragover", (event) => dragged && event.preventDefault());
    this.head.addEventListener("drop", (event) => {
      event.preventDefault();
      const target = event.target.closest("[data-column]")?.dataset.column;
      if (!dragged || !target || target === dragged) return;
      this.onColumns(moved(this.columns, dragged, this.columns.indexOf(target) - this.columns.indexOf(dragged)));
      dragged = "";
    });
  }
}

const titleOf = (name) => ({ service: "Service", message: "Message", host: "Host", source: "Source" })[name] || name;
