/* Why nothing was found: the part of the query that killed it, and what to do instead. */

import { get } from "./api.js";
import { make } from "./dom.js";
import { plural } from "./format.js";

/** The server's reasons for an empty result; null where it cannot tell. */
export async function reasonsFor(asked, signal) {
  try {
    const answer = await get("logs/explain", asked, signal);
    return answer.matched === 0 && answer.reasons.length ? answer.reasons : null;
  } catch {
    return null;
  }
}

/** The query with the parts that killed it set apart. */
export function markedQuery(q, reasons) {
  const letters = Array.from(q);
  const isGuilty = letters.map(() => false);
  for (const { from, to } of reasons) for (let i = from ?? 0; i < (to ?? 0); i += 1) isGuilty[i] = true;
  const parts = [];
  for (const [i, letter] of letters.entries()) {
    if (i && isGuilty[i] === isGuilty[i - 1]) parts.at(-1).text += letter;
    else parts.push({ text: letter, isGuilty: isGuilty[i] });
  }
  return make("pre", { class: "asked" }, ...parts.map(({ text, isGuilty: is }) => (is ? make("mark", { class: "guilty", text }) : text)));
}

/** A list entry for one reason; `go(patch)` gets the query of the suggestion that was chosen. */
export function reasonItem(reason, q, go) {
  const { message, suggestions = [], count_without: count, from, to } = reason;
  const letters = Array.from(q);
  const hasPart = Number.isInteger(from) && Number.isInteger(to) && to > from;
  const rest = hasPart ? [...letters.slice(0, from), ...letters.slice(to)].join("").replace(/^\s*(AND|OR)\s+|\s+(AND|OR)\s*$/g, "").replace(/\s+/g, " ").trim() : null;
  const spanOf = ({ start, end }) => (start && end ? { range: "", start, end, live: false } : {});
  const buttons = suggestions.slice(0, 5).map((one) => make("button", { class: "button small", type: "button", title: one.q, onclick: () => go({ q: one.q, ...spanOf(one) }), text: one.text }));
  if (buttons.length) buttons.unshift(make("span", { class: "quiet", text: "Did you mean" }));
  if (count && rest !== null) buttons.push(make("button", { class: "button small", type: "button", title: rest || "all lines", onclick: () => go({ q: rest }), text: `Without it: ${plural(count, "line")}` }));
  return make("li", {}, make("span", { text: message }), make("div", { class: "actions" }, ...buttons));
}
