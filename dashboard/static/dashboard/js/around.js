/* What happened just before and after a line, in the same source. */

import { get } from "./api.js";
import { make } from "./dom.js";
import { plural } from "./format.js";
import { messageParts } from "./row.js";
import * as time from "./time.js";

const FIRST = 5;
const MORE = 20;
const LOOK = { isWrapped: false, marker: null, highlighter: null };

export class Around {
  /** Callbacks: onOpen(record), onList({start, end, source}) to see the span in the list. */
  constructor(callbacks) {
    this.callbacks = callbacks;
  }

  /** An element that fills itself with the neighbours of `record`. */
  of(record) {
    const root = make("div", { class: "around" }, make("p", { class: "quiet", role: "status", text: "Fetching the lines around …" }));
    this.#fill(root, record, { before: FIRST, after: FIRST });
    return root;
  }

  async #fill(root, record, asked) {
    try {
      const answer = await get(`logs/${record.id}/context`, { ...asked, app: record.app });
      this.#paint(root, answer, asked);
    } catch (error) {
      root.replaceChildren(make("p", { text: error.status === 404 ? "The lines around cannot be shown here." : `${error.message} ${error.hint || ""}` }));
    }
  }

  #paint(root, { before, record, after }, asked) {
    const lines = [...before, record, ...after];
    const more = (side, shown, word) =>
      shown.length < asked[side]
        ? make("li", { class: "quiet", text: `no ${word} lines` })
        : make("li", {}, make("button", { class: "act", type: "button", text: `${MORE} ${word}`, onclick: () => this.#fill(root, record, { ...asked, [side]: asked[side] + MORE }) }));
    const span = { start: time.iso(time.parse(lines[0].timestamp)), end: time.iso(time.parse(lines.at(-1).timestamp) + 1), source: record.source };
    root.replaceChildren(
      make("p", { class: "quiet", text: `${plural(lines.length, "line")} of source ${record.source}, oldest first` }),
      make("ol", {}, more("before", before, "earlier"), ...lines.map((line) => this.#line(line, line.id === record.id)), more("after", after, "later")),
      make("button", { class: "button small", type: "button", text: "Show in the list", onclick: () => this.callbacks.onList(span) }),
    );
  }

  #line(line, isThis) {
    const parts = [make("span", { class: "when", title: time.hover(line.timestamp), text: time.timeOfDay(time.parse(line.timestamp)) }), make("span", { class: "letter", title: line.level, text: line.level[0] }), make("span", { class: "message" }, ...messageParts(line.message, LOOK))];
    const data = { "data-level": line.level };
    if (isThis) return make("li", { ...data, class: "this", "aria-current": "true" }, make("div", { class: "near" }, ...parts));
    return make("li", data, make("button", { class: "near", type: "button", title: "Open this line", onclick: () => this.callbacks.onOpen(line) }, ...parts));
  }
}
