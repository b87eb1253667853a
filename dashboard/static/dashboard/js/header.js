/* The fields of the top bar and the line of numbers: they show a state and tell what was chosen. */

import { anchorMenu, byId, make } from "./dom.js";
import { LEVELS, grouped, plural, rounded } from "./format.js";
import { rangeMenu } from "./range.js";
import * as time from "./time.js";
import { withClause } from "./query.js";

const field = byId("q");
const problem = byId("query-problem");

/** `go(patch)` gets what was chosen; returns a function that shows a state. */
export function header(go, state) {
  const showRange = rangeMenu(go);
  const picker = byId("app");
  anchorMenu(byId("account-menu"), document.querySelector("[popovertarget=account-menu]"));
  picker.addEventListener("change", () => go({ app: picker.value, record: "" }));
  byId("query-form").addEventListener("submit", (event) => {
    event.preventDefault();
    go({ q: field.value.trim() });
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    field.form.requestSubmit();
  });
  field.addEventListener("input", () => showQueryProblem(null));
  byId("levels").addEventListener("click", (event) => {
    const level = event.target.closest("button")?.dataset.level;
    const clause = `${event.altKey ? "-" : ""}level:${level?.toLowerCase()}`;
    if (level) go({ q: withClause(state().q, clause) });
  });
  return (shown) => {
    picker.value = shown.app;
    if (field.value.trim() !== shown.q) field.value = shown.q;
    showRange(shown);
  };
}

/** Says below the query where it cannot be read; null takes it away. */
export function showQueryProblem(error, q = "") {
  problem.hidden = !error;
  field.setAttribute("aria-invalid", String(Boolean(error)));
  if (!error) return;
  const shown = [make("p", {}, make("strong", { text: error.message })), make("p", { text: error.hint || "" })];
  const { position } = error.data;
  if (Number.isInteger(position)) {
    const letters = Array.from(q);
    const at = make("span", { class: "at", text: letters[position] ?? "␣" });
    const after = letters.slice(position + 1, position + 40).join("");
    shown.unshift(make("pre", {}, letters.slice(Math.max(0, position - 40), position).join(""), at, after));
  }
  problem.replaceChildren(...shown);
}

/** The numbers of a search; null where they could not be had. */
export function showNumbers(stats, state) {
  const total = byId("total");
  total.textContent = stats ? `${plural(stats.total, "line")} · ${time.words(state)}` : "";
  total.title = stats ? `${grouped(stats.total)} lines, ${time.words(state)}` : "";
  const counts = stats?.by_level || {};
  const chips = [...LEVELS].reverse().filter((level) => counts[level]);
  byId("levels").replaceChildren(...chips.map((level) => chip(level, counts[level])));
}

function chip(level, count) {
  const title = `${grouped(count)} lines. Click: only ${level}; with Alt: without ${level}`;
  return make(
    "button",
    { type: "button", "data-level": level, title, "aria-label": `Only ${level}, ${grouped(count)} lines` },
    make("span", { class: "badge", text: level }),
    make("span", { text: rounded(count) }),
  );
}
