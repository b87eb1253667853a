/* The menu of how lines look: columns, wrapping, height, words to highlight, what a match does. */

import { anchorMenu, byId, make } from "./dom.js";
import { moved, toggled } from "./columns.js";
import { remember, remembered } from "./state.js";

const SWITCHES = ["wrap", "roomy"];
const SIGNALS = ["flash", "sound"];

/** `go(patch)` gets what was chosen; returns a function that shows a state and known field names. */
export function viewMenu(go, state) {
  const menu = byId("view-menu");
  const [words, adding, list] = [byId("view-words"), byId("view-column"), byId("view-columns")];
  anchorMenu(menu, byId("view-button"));
  for (const name of SWITCHES) byId(`view-${name}`).addEventListener("change", (event) => go({ [name]: event.target.checked }));
  for (const name of SIGNALS) {
    byId(`view-${name}`).checked = remembered(name) === "1";
    byId(`view-${name}`).addEventListener("change", (event) => remember(name, event.target.checked ? "1" : ""));
  }
  words.addEventListener("change", () => go({ words: words.value.trim() }));
  byId("view-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const name = adding.value.trim();
    adding.value = "";
    if (name && !state().columns.includes(name)) go({ columns: toggled(state().columns, name) });
  });
  list.addEventListener("click", (event) => {
    const { column, step } = event.target.closest("[data-step]")?.dataset || {};
    if (!column) return;
    const { columns } = state();
    go({ columns: step === "0" ? toggled(columns, column) : moved(columns, column, Number(step)) });
    [...list.querySelectorAll("[data-step]")].find((one) => one.dataset.column === column && one.dataset.step === step)?.focus();
  });
  return (shown, names) => {
    for (const name of SWITCHES) byId(`view-${name}`).checked = shown[name];
    if (document.activeElement !== words) words.value = shown.words;
    list.replaceChildren(...shown.columns.map((column) => line(column)));
    byId("view-names").replaceChildren(...names.filter((name) => !shown.columns.includes(name)).map((value) => make("option", { value })));
  };
}

function line(column) {
  const act = (step, text, title) => make("button", { class: "act", type: "button", "data-column": column, "data-step": step, title, "aria-label": `${step === "0" ? text : title}: ${column}`, text });
  return make("li", {}, make("span", { class: "mono", text: column }), act("-1", "↑", "Further left"), act("1", "↓", "Further right"), act("0", "Remove", "Take out of the list"));
}
