/* What the address says is what the page shows, both ways. */

import { iso, isPreset, resolve } from "./time.js";

const DEFAULT_RANGE = "15m";
const ID = /^[0-9a-f-]{32,36}$/i;
const TABS = ["lines", "patterns", "changes"];
const PANES = ["fields", "around", "json"];
export const USUAL_COLUMNS = ["service", "message"];
const MAX_COLUMNS = 20;

const oneOf = (value, choices) => (choices.includes(value) ? value : choices[0]);
const isTime = (text) => !Number.isNaN(Date.parse(text));

/** Column names in an address: commas separate, commas inside a name have a backslash. */
const columnsText = (columns) => columns.map((name) => name.replace(/[\\,]/g, "\\$&")).join(",");
const readColumns = (text) => {
  const names = (text.match(/(?:\\.|[^\\,])+/g) || []).map((name) => name.replace(/\\(.)/g, "$1"));
  return names.length ? [...new Set(names)].slice(0, MAX_COLUMNS) : USUAL_COLUMNS;
};

/** The state of an address; unusable parts fall back to what a first visit shows. */
export function fromUrl(url, config, remembered) {
  const p = url.searchParams;
  const slugs = config.apps.map((app) => app.slug);
  const app = [p.get("app"), remembered, slugs[0]].find((slug) => slugs.includes(slug));
  const hasSpan = isTime(p.get("start")) && isTime(p.get("end"));
  const hasFocus = isTime(p.get("from")) && isTime(p.get("to"));
  const range = isPreset(p.get("range")) ? p.get("range") : DEFAULT_RANGE;
  return {
    app,
    q: p.get("q") || "",
    range: hasSpan ? "" : range,
    start: hasSpan ? p.get("start") : "",
    end: hasSpan ? p.get("end") : "",
    live: p.get("live") === "1" && !hasSpan,
    record: ID.test(p.get("record") || "") ? p.get("record") : "",
    columns: readColumns(p.get("columns") || ""),
    wrap: p.get("wrap") === "1",
    roomy: p.get("roomy") === "1",
    compare: p.get("compare") === "1",
    words: p.get("words") || "",
    tab: oneOf(p.get("tab"), TABS),
    pane: oneOf(p.get("pane"), PANES),
    from: hasFocus ? p.get("from") : "",
    to: hasFocus ? p.get("to") : "",
  };
}

/** The address of a state, without what is usual. */
export function toUrl(state, path) {
  const p = new URLSearchParams({ app: state.app });
  if (state.q) p.set("q", state.q);
  if (state.range && state.range !== DEFAULT_RANGE) p.set("range", state.range);
  if (!state.range) {
    p.set("start", state.start);
    p.set("end", state.end);
  }
  for (const name of ["live", "wrap", "roomy", "compare"]) if (state[name]) p.set(name, "1");
  if (columnsText(state.columns) !== columnsText(USUAL_COLUMNS)) p.set("columns", columnsText(state.columns));
  if (state.tab !== TABS[0]) p.set("tab", state.tab);
  if (state.record && state.pane !== PANES[0]) p.set("pane", state.pane);
  if (state.tab === "changes" && state.from) {
    p.set("from", state.from);
    p.set("to", state.to);
  }
  for (const name of ["words", "record"]) if (state[name]) p.set(name, state[name]);
  return `${path}?${p}`;
}

/** The same state for somebody who opens it later: the range stays where it is now. */
export function pinned(state) {
  if (!state.range || state.range === "all") return { ...state, live: false };
  const { startMs, endMs } = resolve(state);
  return { ...state, range: "", start: iso(startMs), end: iso(endMs), live: false };
}

export function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    /* private windows */
  }
}
