/* The top bar and the line of numbers: they show a state and tell what was chosen. */

import { anchorMenu, byId, make } from "./dom.js";
import { showQuery } from "./editor.js";
import { LEVELS, grouped, plural, rounded } from "./format.js";
import { withValue } from "./query.js";
import { rangeMenu } from "./range.js";
import * as time from "./time.js";

const TABS = ["lines", "patterns", "changes"];

/** `go(patch)` gets what was chosen; returns a function that shows a state. */
export function header(go, state) {
  const showRange = rangeMenu(go);
  const picker = byId("app");
  const tabs = TABS.map((name) => byId(`tab-${name}`));
  anchorMenu(byId("account-menu"), document.querySelector("[popovertarget=account-menu]"));
  picker.addEventListener("change", () => go({ app: picker.value, record: "" }));
  byId("levels").addEventListener("click", (event) => {
    const level = event.target.closest("button")?.dataset.level;
    if (level) go({ q: withValue(state().q, "level", level, { isExcluded: event.altKey }) });
  });
  byId("tabs").addEventListener("click", (event) => {
    const { tab } = event.target.dataset;
    if (tab) go({ tab });
  });
  byId("tabs").addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = tabs.filter((tab) => !tab.hidden);
    next.at((next.indexOf(document.activeElement) + step) % next.length).focus();
  });
  return (shown) => {
    picker.value = shown.app;
    showQuery(shown.q);
    showRange(shown);
    for (const tab of tabs) {
      const isChosen = tab.dataset.tab === shown.tab;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
    }
    byId("results").setAttribute("aria-labelledby", `tab-${shown.tab}`);
    byId("compare").setAttribute("aria-pressed", String(shown.compare));
  };
}

/** The numbers of a search; null where they could not be had. */
export function showNumbers(stats, state) {
  const total = byId("total");
  total.replaceChildren(...(stats ? [plural(stats.total, "line"), make("span", { class: "of-range", text: ` · ${time.words(state)}` })] : []));
  total.title = stats ? `${grouped(stats.total)} lines, ${time.words(state)}` : "";
  const counts = stats?.by_level || {};
  const chips = [...LEVELS].reverse().filter((level) => counts[level]);
  byId("levels").replaceChildren(...chips.map((level) => chip(level, counts[level])));
}

function chip(level, count) {
  const title = `${grouped(count)} lines. Click: only ${level}; with Alt: without ${level}`;
  return make(
    "button",
    { type: "button", "data-level": level, title },
    make("span", { class: "badge", text: level }),
    " ",
    make("span", { text: rounded(count) }),
  );
}
