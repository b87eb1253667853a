/* The menu that downloads what is searched: all lines of it, not only those on the page. */

import { addressOf } from "./api.js";
import { anchorMenu, byId, make } from "./dom.js";
import { grouped } from "./format.js";
import { listed } from "./query.js";
import { USUAL_COLUMNS } from "./state.js";

const FORMATS = [
  ["ndjson", "JSON lines", "one record a line, everything in it"],
  ["csv", "CSV", "for spreadsheets"],
  ["parquet", "Parquet", "for notebooks and databases"],
];

/** `asked()` is what is searched, `state()` has the columns, `total()` the number of lines or null. */
export function exportMenu({ asked, state, total }) {
  const menu = byId("export-menu");
  anchorMenu(menu, byId("export-button"));
  menu.addEventListener("beforetoggle", (event) => {
    if (event.newState === "open") menu.replaceChildren(...content(asked(), state().columns, total()));
  });
  menu.addEventListener("click", (event) => event.target.closest("a") && menu.hidePopover());
}

function content(asked, columns, total) {
  const isOwn = columns.join() !== USUAL_COLUMNS.join();
  const link = (format, parameters, name, detail) => make("a", { class: "item", href: addressOf("logs/export", { ...asked, format, ...parameters }), download: "" }, make("span", { text: name }), make("span", { class: "quiet", text: detail }));
  const fields = ["timestamp", "level", ...listed(columns)].join(",");
  return [
    make("p", { class: "label", text: total === null ? "All lines of this search" : `All ${grouped(total)} lines of this search` }),
    ...FORMATS.map(([format, name, detail]) => link(format, {}, name, detail)),
    isOwn ? make("hr") : null,
    isOwn ? link("csv", { fields }, "CSV of these columns", columns.join(", ").slice(0, 60)) : null,
  ].filter(Boolean);
}
