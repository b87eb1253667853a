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

/** One line of text for a row: line ends and other control characters made visible. */
export function oneLine(text) {
  const short = text.length > 2000 ? `${text.slice(0, 2000)}…` : text;
  return short.replace(/\r?\n|\r/g, " ⏎ ").replace(/\t/g, "  ").replace(/[\u0000-\u001f\u007f]/g, "·");
}
