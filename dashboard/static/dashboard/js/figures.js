/* Names and values of metrics for people. */

import { grouped, rounded } from "./format.js";
import * as time from "./time.js";

const WORDS = { unique: "different", sum: "sum of", avg: "average", min: "least", max: "most" };

/** "p95:duration_ms" → "p95 of duration_ms". */
export function metricWords(metric) {
  if (metric === "count") return "lines";
  const [how, field] = split(metric);
  return `${WORDS[how] || `${how} of`} ${field}`;
}

export const split = (metric) => [metric.slice(0, metric.indexOf(":")), metric.slice(metric.indexOf(":") + 1)];

/** Metrics whose parts can be stacked on each other. */
export const isSum = (metric) => metric === "count" || metric.startsWith("sum:");

const isMs = (field) => /(^|[._])(ms|millis|milliseconds)$/.test(field);

function unit(metric) {
  const [how, field] = split(metric);
  if (metric === "count" || how === "unique") return "";
  if (isMs(field)) return " ms";
  return /bytes/.test(field) ? " B" : "";
}

const SPANS = [[60e3, 1e3, " s"], [3600e3, 60e3, " min"], [Infinity, 3600e3, " h"]];

/** Milliseconds in the unit people would use. */
function scaled(value, metric) {
  const own = unit(metric);
  if (own !== " ms" || Math.abs(value) < 1000) return [value, own];
  const [, size, words] = SPANS.find(([below]) => Math.abs(value) < below);
  return [value / size, words];
}

/** A value for reading: 12.4 k, 0.31, 31 ms, 1.5 s. */
export function shown(value, metric) {
  if (value === null || value === undefined) return "–";
  const [, field] = split(metric);
  if (/(timestamp|received_at)$/.test(field) && value > 1e9) return time.ago(value * 1000);
  const [number, words] = scaled(value, metric);
  const size = Math.abs(number);
  const text = size >= 100 || Number.isInteger(number) ? rounded(number) : number.toFixed(size < 1 ? 2 : 1);
  return text + words;
}

/** The same in full, for hovering. */
export const exact = (value, metric) => (value === null || value === undefined ? "no value" : `${Number.isInteger(value) ? grouped(value) : value}${unit(metric)}`);

/** What of all groups an answer shows, where that is not all; those that were chosen were computed from all of their lines. */
export function cutWords({ groups, is_truncated, chosen_by }) {
  if (!chosen_by) return is_truncated ? `The first ${groups.length}; there are more.` : "";
  const metric = chosen_by.replace(/^-/, "");
  return `Too many to compare each: chosen by ${metric === "count" ? "how many lines they have" : metricWords(metric)}, then computed from all of them.`;
}

/** The values of a group's key as one text; nothing is "all". */
export const keyWords = (key, names) => names.map((name) => key[name] || "(none)").join(" · ") || "all";
