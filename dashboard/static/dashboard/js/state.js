/* What the address says is what the page shows, both ways. */

import { isPreset } from "./time.js";

const DEFAULT_RANGE = "15m";
const ID = /^[0-9a-f-]{32,36}$/i;

/** The state of an address; unusable parts fall back to what a first visit shows. */
export function fromUrl(url, config, remembered) {
  const p = url.searchParams;
  const slugs = config.apps.map((app) => app.slug);
  const app = [p.get("app"), remembered, slugs[0]].find((slug) => slugs.includes(slug));
  const hasSpan = !Number.isNaN(Date.parse(p.get("start"))) && !Number.isNaN(Date.parse(p.get("end")));
  const range = isPreset(p.get("range")) ? p.get("range") : DEFAULT_RANGE;
  return {
    app,
    q: p.get("q") || "",
    range: hasSpan ? "" : range,
    start: hasSpan ? p.get("start") : "",
    end: hasSpan ? p.get("end") : "",
    live: p.get("live") === "1" && !hasSpan,
    record: ID.test(p.get("record") || "") ? p.get("record") : "",
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
  if (state.live) p.set("live", "1");
  if (state.record) p.set("record", state.record);
  return `${path}?${p}`;
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
