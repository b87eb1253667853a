/* Times and ranges: shown in the zone of the viewer, sent as UTC. */

export const PRESETS = [
  ["5m", "last 5 min"],
  ["15m", "last 15 min"],
  ["1h", "last hour"],
  ["4h", "last 4 hours"],
  ["24h", "last 24 hours"],
  ["7d", "last 7 days"],
  ["30d", "last 30 days"],
  ["all", "any time"],
];
export const EPOCH_ISO = "1970-01-01T00:00:00.000Z";
const UNITS = { m: 60e3, h: 3600e3, d: 86400e3 };
const FAR_AHEAD_MS = 86400e3;

let skewMs = 0;

/** Learn the clock of the server from what it said when the page was made. */
export function setServerNow(serverMs) {
  const [navigation] = performance.getEntriesByType("navigation");
  const heardMs = performance.timeOrigin + (navigation?.responseStart || 0);
  skewMs = serverMs - heardMs;
}

/** Now, by the clock of the server. */
export const nowMs = () => Date.now() + skewMs;

export const isPreset = (range) => PRESETS.some(([name]) => name === range);

/** {startMs, endMs} of the state's range at this moment, or at another. */
export function resolve({ range, start, end }, now = nowMs()) {
  if (!range) return { startMs: Date.parse(start), endMs: Date.parse(end) };
  if (range === "all") return { startMs: 0, endMs: now + FAR_AHEAD_MS };
  return { startMs: now - Number.parseInt(range, 10) * UNITS[range.at(-1)], endMs: now };
}

export const iso = (ms) => new Date(ms).toISOString();

/** Milliseconds of an API time, which may have nine digits of a second. */
export const parse = (text) => Date.parse(text.replace(/(\.\d{3})\d+/, "$1"));

const two = (n) => String(n).padStart(2, "0");
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const DAYS = "Sun Mon Tue Wed Thu Fri Sat".split(" ");

const hourMinute = (d) => `${two(d.getHours())}:${two(d.getMinutes())}`;
const clock = (d) => `${hourMinute(d)}:${two(d.getSeconds())}`;
const sameDay = (a, b) => a.toDateString() === b.toDateString();

/** 14:02:03.123 */
export const timeOfDay = (ms) => {
  const d = new Date(ms);
  return `${clock(d)}.${String(d.getMilliseconds()).padStart(3, "0")}`;
};

/** 22 Nov 14:02:03.123, with the year if it is not this one. */
export function dateAndTime(ms) {
  const d = new Date(ms);
  const year = d.getFullYear() === new Date(nowMs()).getFullYear() ? "" : ` ${d.getFullYear()}`;
  return `${d.getDate()} ${MONTHS[d.getMonth()]}${year} ${timeOfDay(ms)}`;
}

/** Whether a range needs dates beside its times. */
export function spansDays({ startMs, endMs }) {
  const now = new Date(nowMs());
  return !sameDay(new Date(startMs), now) || !sameDay(new Date(Math.min(endMs, nowMs())), now);
}

/** "3 min ago" */
export function ago(ms) {
  const seconds = Math.round((nowMs() - ms) / 1000);
  if (Math.abs(seconds) < 5) return "just now";
  const steps = [[60, 1, "s"], [3600, 60, "min"], [86400, 3600, "h"], [Infinity, 86400, "days"]];
  const [, size, unit] = steps.find(([below]) => Math.abs(seconds) < below);
  const text = `${Math.round(Math.abs(seconds) / size)} ${unit}`;
  return seconds < 0 ? `in ${text}` : `${text} ago`;
}

/** The hover text of every time: UTC and how long ago. */
export const hover = (text) => `${text.replace("T", " ").replace("Z", "")} UTC · ${ago(parse(text))}`;

function moment(ms, isDay) {
  const d = new Date(ms);
  const time = d.getSeconds() ? clock(d) : hourMinute(d);
  if (!isDay) return time;
  const isNear = Math.abs(nowMs() - ms) < 6 * 86400e3;
  const isYear = d.getFullYear() === new Date(nowMs()).getFullYear();
  const day = isNear ? DAYS[d.getDay()] : `${d.getDate()} ${MONTHS[d.getMonth()]}${isYear ? "" : ` ${d.getFullYear()}`}`;
  return `${day} ${time}`;
}

/** The range in words: "last 15 min", "Tue 14:02 – 14:20". */
export function words(state) {
  const preset = PRESETS.find(([name]) => name === state.range);
  if (preset) return preset[1];
  const { startMs, endMs } = resolve(state);
  const isOneDay = sameDay(new Date(startMs), new Date(endMs));
  return `${moment(startMs, true)} – ${moment(endMs, !isOneDay)}`;
}

/** The same inside a sentence: "in the last 15 min", "from Tue 14:02 to 14:20". */
export function inWords(state) {
  if (state.range === "all") return "at any time";
  return state.range ? `in the ${words(state)}` : `from ${words(state).replace(" – ", " to ")}`;
}

/** A label of the time axis within a span of `spanMs`. */
export function axisLabel(ms, spanMs) {
  const d = new Date(ms);
  const time = hourMinute(d);
  if (spanMs <= 5 * 60e3) return clock(d);
  if (spanMs <= 86400e3) return time;
  const day = `${d.getDate()} ${MONTHS[d.getMonth()]}`;
  if (spanMs <= 4 * 86400e3) return `${day} ${time}`;
  return spanMs <= 200 * 86400e3 ? day : `${MONTHS[d.getMonth()]} ${d.getFullYear()}`;
}

/** The value of a datetime-local field. */
export function toField(ms) {
  const d = new Date(ms);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${clock(d)}`;
}

/** "7 seconds", "1 minute", "3 hours" for the width of a bucket. */
export function duration(seconds) {
  const steps = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
  const [size, unit] = steps.find(([step]) => seconds >= step) || [1, "second"];
  const n = Math.round((seconds / size) * 10) / 10;
  return `${n} ${unit}${n === 1 ? "" : "s"}`;
}
