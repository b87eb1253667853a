/* The buttons and keys of the explorer: each does the same as the other. */

import { byId } from "./dom.js";
import { listen } from "./keys.js";

/** Opens a menu by key: the first thing in it has the focus. */
function openMenu(name) {
  const menu = byId(name);
  menu.showPopover();
  menu.querySelector("input, button, a")?.focus();
}

/** Binds buttons and keys to `act`, an object of functions named for what they do. */
export function controls(act) {
  byId("help-button").addEventListener("click", () => {
    byId("account-menu").hidePopover();
    act.help();
  });
  byId("zoom-out").addEventListener("click", act.zoomOut);
  byId("compare").addEventListener("click", act.compare);
  byId("share-button").addEventListener("click", act.share);
  listen({
    "/": () => byId("q").focus(),
    j: () => act.step(1),
    k: () => act.step(-1),
    ArrowDown: () => act.step(1),
    ArrowUp: () => act.step(-1),
    Enter: act.open,
    e: act.open,
    Escape: act.back,
    g: act.newest,
    t: () => openMenu("range-menu"),
    l: act.live,
    p: act.pause,
    f: act.fields,
    F: act.findField,
    s: () => openMenu("searches-menu"),
    v: () => openMenu("view-menu"),
    w: act.wrap,
    c: act.compare,
    o: act.zoomOut,
    y: act.share,
    a: () => act.pane("around"),
    r: () => act.pane("json"),
    1: () => act.tab("lines"),
    2: () => act.tab("patterns"),
    3: () => act.tab("changes"),
    "?": act.help,
  });
}
