/* Small help with the query language: clauses made by a click, words to underline. */

const CORE = new Set(["app", "source", "service", "host", "logger", "level", "severity", "message", "trace_id", "span_id", "timestamp", "received_at", "id"]);
const PLAIN_VALUE = /^[\p{L}\p{N}_][\p{L}\p{N}_.@+-]*$/u;
const KEYWORD = /^(AND|OR|NOT)$/;

const quoted = (text) => `"${text.replace(/[\\"]/g, "\\$&")}"`;

/** A field name as the language wants it: characters with a meaning get a backslash. */
const fieldName = (name) => name.replace(/[\s()":<>\\]/g, "\\$&").replace(/^-/, "\\-");

/** `name:value` of one value of a record; `isAttribute` tells same-named fields apart. */
export function clause(name, value, { isAttribute = false } = {}) {
  const prefix = isAttribute && CORE.has(name) ? "attributes." : "";
  const isPlain = PLAIN_VALUE.test(value) && !KEYWORD.test(value);
  return `${prefix}${fieldName(name)}:${isPlain ? value : quoted(value)}`;
}

const WITH_OR = /(^|\s)OR(\s|$)/;

/** `q` and also `added`. */
export function withClause(q, added) {
  const base = q.trim();
  if (!base) return added;
  if (base === added || base.endsWith(` ${added}`)) return base;
  return WITH_OR.test(base) ? `(${base}) ${added}` : `${base} ${added}`;
}

const TOKEN = /-?[^\s()":]+:(?:"(?:\\.|[^"\\])*"|\([^)]*\)|\S+)|-?"(?:\\.|[^"\\])*"|-?[^\s()"]+/g;

/** The plain words and phrases of a query: what is underlined in messages. */
function wordsOf(q) {
  const found = [];
  for (const [token] of q.matchAll(TOKEN)) {
    if (token.startsWith("-") || KEYWORD.test(token)) continue;
    const bare = token.replace(/^message:/, "");
    if (/^"/.test(bare)) found.push(bare.slice(1, -1).replace(/\\(.)/g, "$1"));
    else if (!/[:<>/]/.test(bare)) found.push(bare.replaceAll("*", ""));
  }
  return found.filter((word) => word.length > 1);
}

/** A pattern that finds any of the words, or null. */
export function markerOf(q) {
  const words = wordsOf(q).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return words.length ? new RegExp(`(${words.join("|")})`, "gi") : null;
}
