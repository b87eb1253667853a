/* The keyboard: everything a click can do. */

const isTyping = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;
const isOpenMenu = () => document.querySelector("dialog[open], [popover]:popover-open") !== null;

/** `actions` maps a key to a function; an event in a field, menu or dialog belongs to that. */
export function listen(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isOpenMenu()) return;
    const isField = isTyping(event.target);
    if (event.key === "Escape" && isField) {
      event.target.blur();
      return;
    }
    const isControl = event.target.closest("button, a, summary") && ["Enter", " "].includes(event.key);
    const action = actions[event.key];
    if (!action || isField || isControl) return;
    event.preventDefault();
    action();
  });
}
