/* What a panel asks, and where it leads in the explorer. */

import { get } from "./api.js";
import { existing, withClause, withOnly } from "./query.js";
import * as time from "./time.js";
import { unescaped } from "./tokens.js";

/* Every line has these; of other fields, lines without one are left out. */
const ALWAYS = new Set(["level", "service", "host", "logger", "source", "app", "severity", "pattern_id", "message", "timestamp", "received_at"]);
const OVER_TIME = new Set(["time", "heat", "number"]);

/** Panels over kinds of messages show the messages instead of their numbers. */
const isAboutTemplates = (panel) => panel.group_by.length === 1 && panel.group_by[0] === "pattern_id";

/** The query of a panel: what it says, and only lines that have what they are grouped by. */
const wholeQuery = (panel) => panel.group_by.filter((name) => !ALWAYS.has(name)).map(unescaped).filter((name) => !panel.q.includes(existing(name))).reduce((sum, name) => withClause(sum, existing(name)), panel.q);

/**
 * The answer to a panel, in the shape of the aggregate question; numbers also get `before`, the
 * figures of the equally long span before.
 */
export async function ask(panel, { app, startMs, endMs }, signal) {
  if (isAboutTemplates(panel)) return askTemplates(panel, { app, startMs, endMs }, signal);
  const span = (from, to) => ({ start: time.iso(from), end: time.iso(to) });
  const asked = { app, q: wholeQuery(panel), group_by: panel.group_by.join(","), metrics: panel.metrics.join(","), order: panel.order, limit: panel.limit };
  const interval = OVER_TIME.has(panel.kind) ? panel.interval.replace("none", "auto") : "none";
  const now = get("analytics/aggregate", { ...asked, ...span(startMs, endMs), interval }, signal);
  if (panel.kind !== "number" || startMs <= 0) return now;
  const earlier = get("analytics/aggregate", { ...asked, ...span(2 * startMs - endMs, startMs), interval: "none" }, signal);
  const [answer, before] = await Promise.all([now, earlier]);
  return { ...answer, before: before.groups[0]?.values || {} };
}

async function askTemplates(panel, { app, startMs, endMs }, signal) {
  const sort = panel.order.startsWith("-min:") ? "new" : "count";
  const answer = await get("logs/patterns", { app, q: panel.q, start: time.iso(startMs), end: time.iso(endMs), sort, limit: panel.limit }, signal);
  return { ...answer, templates: answer.patterns };
}

/** The address of the explorer with the panel's query and range. */
export function explorerLink(path, panel, state, key = {}) {
  const q = Object.entries(key).reduce((sum, [field, value]) => (value ? withOnly(sum, unescaped(field), value) : sum), Object.keys(key).length ? panel.q : wholeQuery(panel));
  const p = new URLSearchParams({ app: state.app });
  if (q) p.set("q", q);
  if (state.range) p.set("range", state.range);
  else {
    p.set("start", state.start);
    p.set("end", state.end);
  }
  return `${path}?${p}`;
}
