/* Numbers and levels for people. */

export const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

const exact = new Intl.NumberFormat("en", { useGrouping: true });

/** 12431 → "12 431"; thin spaces group. */
export const grouped = (n) => exact.format(n).replaceAll(",", "\u202f");

/** 12431 → "12.4 k": three digits at most, for reading. */
export function rounded(n) {
  const units = ["", " k", " M", " G", " T"];
  let value = n;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit && value < 99.95 ? value.toFixed(1) : Math.round(value)}${units[unit]}`;
}

export const plural = (n, one, many = `${one}s`) => `${rounded(n)} ${n === 1 ? one : many}`;

const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f]/g;
const cut = (text, most) => (text.length > most ? `${text.slice(0, most)}…` : text);

/** One line of text for a row: line ends and other control characters made visible. */
export const oneLine = (text) => cut(text, 2000).replace(/\r?\n|\r/g, " ⏎ ").replace(/\t/g, "  ").replace(CONTROLS, "·");

/** The same with its lines kept, for rows that wrap. */
export const manyLines = (text) => cut(text, 8000).replace(/\r\n?/g, "\n").replace(CONTROLS, "·");

const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);

/** The text of a column of a record; attributes are found by their name. */
export function valueIn(record, column) {
  const value = column.startsWith("attributes.") ? own(record.attributes, column.slice(11)) : (own(record, column) ?? own(record.attributes, column));
  return value === undefined || value === null || typeof value === "object" ? "" : String(value);
}
