/* The menu of time ranges. */

import { anchorMenu, byId, make } from "./dom.js";
import * as time from "./time.js";

/** `go(patch)` gets the range that was chosen; returns a function that shows a state's range. */
export function rangeMenu(go) {
  const [menu, button, form] = [byId("range-menu"), byId("range-button"), byId("range-form")];
  const [from, to, problem] = [byId("range-from"), byId("range-to"), byId("range-problem")];
  anchorMenu(menu, button);
  const items = time.PRESETS.map(([name, text]) => {
    const item = make("button", { class: "item", type: "button", "data-range": name, text });
    item.addEventListener("click", () => {
      menu.hidePopover();
      go({ range: name, start: "", end: "" });
    });
    return item;
  });
  byId("range-presets").append(...items);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [start, end] = [new Date(from.value), new Date(to.value)];
    problem.hidden = start < end;
    problem.textContent = "The end must be later than the start.";
    if (!problem.hidden) return;
    menu.hidePopover();
    go({ range: "", start: start.toISOString(), end: end.toISOString(), live: false });
  });

  return (state) => {
    const { startMs, endMs } = time.resolve(state);
    byId("range-words").textContent = time.words(state);
    for (const item of items) item.setAttribute("aria-current", String(item.dataset.range === state.range));
    from.value = time.toField(startMs);
    to.value = time.toField(Math.min(endMs, time.nowMs()));
    problem.hidden = true;
  };
}
