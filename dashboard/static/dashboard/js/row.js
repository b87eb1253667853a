/* One row of the list: time, level and the chosen columns of a record, as text. */

import { hasEscapes, pieces } from "./ansi.js";
import { make } from "./dom.js";
import { manyLines, oneLine, valueIn } from "./format.js";
import * as time from "./time.js";

/** Text split so that what `marker` finds is in elements of their own. */
function marked(text, marker, tag, look) {
  if (!marker) return [text];
  return text.split(marker).map((part, i) => (i % 2 ? make(tag, { class: look, text: part }) : part));
}

/** Text with searched words underlined and words of the viewer's own highlighted. */
function found(text, { marker, highlighter }) {
  if (!highlighter) return marked(text, marker, "mark", null);
  return text.split(highlighter).flatMap((part, i) => (i % 2 ? [make("mark", { class: "own", text: part })] : marked(part, marker, "mark", null)));
}

/** The message with its terminal colours as classes. */
export function messageParts(message, look) {
  const shown = (text) => (look.isWrapped ? manyLines(text) : oneLine(text));
  if (!hasEscapes(message)) return found(shown(message), look);
  return pieces(message.slice(0, 8000)).map((piece) => make("span", { class: piece.look || null }, ...found(shown(piece.text), look)));
}

export class Row {
  constructor() {
    this.when = make("span", { class: "when" });
    this.letter = make("span", { class: "letter" });
    this.element = make("div", { class: "row", role: "option" }, this.when, this.letter);
    this.cells = [];
    this.columns = null;
    this.key = null;
  }

  show(record, look) {
    const ms = time.parse(record.timestamp);
    if (this.columns !== look.columns) this.#makeCells(look.columns);
    this.element.dataset.level = record.level;
    this.when.textContent = look.hasDates ? time.dateAndTime(ms) : time.timeOfDay(ms);
    this.when.title = time.hover(record.timestamp);
    this.letter.textContent = record.level[0];
    this.letter.title = record.level;
    for (const [i, column] of look.columns.entries()) this.#fill(this.cells[i], column, record, look);
  }

  #makeCells(columns) {
    this.columns = columns;
    for (const cell of this.cells) cell.remove();
    this.cells = columns.map((column) => make("span", { class: column === "message" ? "message" : "cell" }));
    this.element.append(...this.cells);
  }

  #fill(cell, column, record, look) {
    if (column === "message") {
      cell.replaceChildren(...messageParts(record.message, look));
      return;
    }
    const text = column === "service" ? record.service || record.source || "" : valueIn(record, column);
    cell.textContent = oneLine(text);
    cell.title = text.length > 12 ? text.slice(0, 500) : "";
  }
}
