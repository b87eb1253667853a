/* The kinds of messages there are: how often, since when, and one click to their lines. */

import { get } from "./api.js";
import { make } from "./dom.js";
import { grouped, oneLine, rounded } from "./format.js";
import { sparkline } from "./sparkline.js";
import * as time from "./time.js";

const LIMIT = 100;
const WILDCARD = /(<\*>)/;

/** The text of a template with what varies set apart. */
export const templateParts = (template) => oneLine(template).split(WILDCARD).map((part, i) => (i % 2 ? make("span", { class: "varies", title: "differs from line to line", text: "…" }) : part));

/** How a number compares with the equally long time before, in words. */
export function change(now, before) {
  if (!before) return now ? "new" : "";
  if (!now) return "gone";
  const times = now / before;
  if (times >= 0.9 && times <= 1.1) return "same";
  return times > 1 ? `× ${times >= 10 ? Math.round(times) : times.toFixed(1)}` : `− ${Math.round((1 - times) * 100)} %`;
}

export class Patterns {
  /** `onPattern(id, {isExcluded})` gets what was clicked. */
  constructor(root, { onPattern }) {
    Object.assign(this, { root, onPattern });
  }

  async show(asked, state, signal) {
    const answer = await get("logs/patterns", { ...asked, limit: LIMIT }, signal);
    const { patterns, distinct } = answer;
    if (!patterns.length) {
      this.root.replaceChildren(make("div", { class: "empty" }, make("h2", { text: `No kinds of messages ${time.inWords(state)}` }), make("p", { text: "A longer range, or a search with fewer words, may have some." })));
      return;
    }
    const most = patterns[0].count;
    this.hasBefore = patterns.some(({ previous }) => previous); /* else all would be new */
    const rest = distinct > patterns.length ? `The ${patterns.length} most frequent of about ${grouped(distinct)} kinds` : `${grouped(patterns.length)} kinds of messages`;
    this.root.replaceChildren(
      make("p", { class: "intro", text: `${rest}, ${time.words(state)}. Lines that differ only in numbers and names are one kind.` }),
      make("table", { class: "sheet-table patterns" }, this.#head(), make("tbody", {}, ...patterns.map((pattern) => this.#row(pattern, most)))),
    );
  }

  #head() {
    const cell = (text, title, isNumber) => make("th", { scope: "col", class: isNumber ? "n" : null, title, text });
    return make("thead", {}, make("tr", {}, cell("Lines", "In this range", true), cell("Before", "Compared with the equally long time before"), cell("Over time", "In 24 equal parts of the range"), cell("Level", "The worst there was"), cell("Message"), make("th", {}, make("span", { class: "spoken", text: "Actions" }))));
  }

  #row(pattern, most) {
    const { pattern_id: id, template, count, previous, trend, level } = pattern;
    const word = this.hasBefore ? change(count, previous) : "";
    const title = `${pattern.example?.message?.slice(0, 500) || ""}\nfirst ${time.dateAndTime(time.parse(pattern.first_seen))}, last ${time.dateAndTime(time.parse(pattern.last_seen))}`;
    const bar = make("span", { class: "bar", "aria-hidden": "true" });
    bar.style.width = `${(count / most) * 100}%`;
    return make(
      "tr",
      { "data-level": level },
      make("td", { class: "n", title: `${grouped(count)} lines` }, bar, make("span", { text: rounded(count) })),
      make("td", { class: word === "new" ? "is-new" : "quiet", title: `${grouped(previous)} lines in the time before`, text: word }),
      make("td", {}, sparkline(trend, `Lines over time, most ${grouped(Math.max(...trend))}`)),
      make("td", { class: "badge", text: level }),
      make("td", { class: "template" }, make("button", { type: "button", class: "link mono", title: `${title}\nClick: only these lines; with Alt: without them`, onclick: (event) => this.onPattern(id, { isExcluded: event.altKey }) }, ...templateParts(template))),
      make("td", { class: "acts" }, make("button", { type: "button", class: "act", title: "Without these lines", "aria-label": `Without: ${template.slice(0, 80)}`, text: "−", onclick: () => this.onPattern(id, { isExcluded: true }) })),
    );
  }
}
