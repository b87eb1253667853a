/* What the pages beside the explorer share: account menu, help, signing in again. */

import { anchorMenu, byId, make } from "./dom.js";
import { listen } from "./keys.js";

/** Sets up the frame; `actions` are keys of the page. */
export function frame(actions = {}) {
  const help = byId("help");
  const showHelp = () => help.showModal();
  anchorMenu(byId("account-menu"), document.querySelector("[popovertarget=account-menu]"));
  byId("help-button").addEventListener("click", () => {
    byId("account-menu").hidePopover();
    showHelp();
  });
  listen({ "?": showHelp, ...actions });
}

/** An error as a paragraph, with the way on. */
export function problem(error, login) {
  const here = encodeURIComponent(location.pathname + location.search);
  const signIn = error.status === 401 ? make("a", { class: "button first", href: `${login}?next=${here}`, text: "Sign in" }) : null;
  return make(
    "div",
    { class: "problem", role: "alert" },
    make("p", {}, make("strong", { text: error.message })),
    make("p", { text: error.hint || "" }),
    signIn,
  );
}
