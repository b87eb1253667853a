/* Clauses made, changed and taken away by a click; the words to underline. */

import { clauses, meant, tokens } from "./tokens.js";

const CORE = new Set(["app", "source", "service", "host", "logger", "level", "severity", "message", "trace_id", "span_id", "timestamp", "received_at", "id", "pattern_id", "anomaly_score"]);
const PLAIN_VALUE = /^[\p{L}\p{N}_][\p{L}\p{N}_.@+-]*$/u;
const KEYWORD = /^(AND|OR|NOT|TO)$/;
const PREFIX = "attributes.";

const quoted = (text) => `"${text.replace(/[\\"]/g, "\\$&")}"`;
const valueText = (value) => (PLAIN_VALUE.test(value) && !KEYWORD.test(value) ? value : quoted(value));

/** A field name as the language wants it: characters with a meaning get a backslash. */
const fieldText = (name) => name.replace(/[\s()":<>\\]/g, "\\$&").replace(/^-/, "\\-").replace(/^(AND|OR|NOT)$/, "\\$1");

/** Names as a parameter lists them: each as a query writes it, and a comma in one with a backslash. */
export const listed = (names) => names.map((name) => fieldText(name).replaceAll(",", "\\,"));

/** The name a query uses for a field of a record; `isAttribute` tells same-named fields apart. */
export const nameOf = (name, isAttribute) => (isAttribute && CORE.has(name) ? PREFIX + name : name);

/** Whether two names mean the same field: `attributes.` is optional where nothing else has the name. */
function isSame(a, b) {
  const short = (name) => (name.startsWith(PREFIX) && !CORE.has(name.slice(PREFIX.length)) ? name.slice(PREFIX.length) : name);
  return short(a) === short(b);
}

const valueOf = (field, value) => (field === "level" ? value.toLowerCase() : value);

function clauseText(field, values, isExcluded) {
  const texts = values.map(valueText);
  return `${isExcluded ? "-" : ""}${fieldText(field)}:${texts.length === 1 ? texts[0] : `(${texts.join(" OR ")})`}`;
}

/** The same query, to be put before something: in `C:\\`, the last backslash is text. */
const whole = (q) => (/(?:^|[^\\])(?:\\\\)*\\$/.test(q) ? `${q}\\` : q);

/** `q` and also `added`. */
export function withClause(q, added) {
  const base = q.trim();
  if (!base) return added;
  const found = clauses(base);
  if (found?.some(({ from, to }) => base.slice(from, to) === added)) return base;
  return found ? `${whole(base)} ${added}` : `(${whole(base)}) ${added}`;
}

/** `q` without its clauses that `isUnwanted` says yes to; `q` itself where they cannot be told apart. */
function without(q, isUnwanted) {
  const found = clauses(q);
  if (!found) return q;
  const kept = found.filter((clause) => !isUnwanted(clause)).map(({ from, to }) => q.slice(from, to));
  return kept.join(" ").replace(/^AND\s+/, "");
}

/** `q` without what it says about `field`. */
export const withoutField = (q, field) => without(q, (clause) => clause.field !== null && isSame(clause.field, field));

/** What `q` says about `field`: {included: [values], excluded: [values], isNarrowed}. */
export function choiceOf(q, field) {
  const own = (clauses(q) || []).filter((clause) => clause.field !== null && isSame(clause.field, field));
  const values = (isExcluded) => own.filter((clause) => clause.isExcluded === isExcluded).flatMap((clause) => clause.values || []);
  return { included: values(false).map((v) => valueOf(field, v)), excluded: values(true).map((v) => valueOf(field, v)), isNarrowed: own.length > 0 };
}

/**
 * `q` after a value of a field was clicked. A value beside others of its field joins them; one that
 * is chosen already is taken away; a comparison or pattern over the field is replaced.
 */
export function withValue(q, field, value, { isExcluded = false } = {}) {
  const wanted = valueOf(field, value);
  if (clauses(q) === null) return withClause(q, clauseText(field, [wanted], isExcluded));
  const { included, excluded } = choiceOf(q, field);
  const [same, other] = isExcluded ? [excluded, included] : [included, excluded];
  const next = same.includes(wanted) ? same.filter((v) => v !== wanted) : [...same, wanted];
  const rest = other.filter((v) => v !== wanted);
  const base = without(q, (clause) => clause.field !== null && isSame(clause.field, field) && (clause.values !== null || !clause.isExcluded));
  const both = isExcluded ? [[rest, false], [next, true]] : [[next, false], [rest, true]];
  return both.filter(([values]) => values.length).reduce((sum, [values, isOut]) => withClause(sum, clauseText(field, values, isOut)), base);
}

/** `q` narrowed to one value, whatever it said about the field before. */
export const withOnly = (q, field, value) => withClause(withoutField(q, field), clauseText(field, [valueOf(field, value)], false));

/** `field:*text*`, to look for values. */
export const containing = (field, text) => `${fieldText(field)}:*${text.replace(/[\s()":<>\\*?[\]{}/]/g, "\\$&")}*`;

/** Lines with the field, or without it. */
export const existing = (field) => `_exists_:${fieldText(field)}`;
export const missing = (field) => `-${existing(field)}`;

/** `field:>=5` and the like; `sign` is >=, <=, > or <. */
export const comparing = (field, sign, value) => `${fieldText(field)}:${sign}${value}`;

/** The plain words and phrases of a query: what is underlined in messages. */
function wordsOf(q) {
  const found = [];
  let isOut = false;
  let field = "";
  for (const token of tokens(q)) {
    if (token.kind === "minus" || token.text === "NOT") isOut = true;
    else if (token.kind === "field") field = token.text;
    else if (["word", "phrase", "value"].includes(token.kind)) {
      if (!isOut && (field === "" || field === "message")) found.push(meant(token).replaceAll("*", ""));
      [isOut, field] = [false, ""];
    } else if (token.kind === "regex" || token.kind === "range") [isOut, field] = [false, ""];
  }
  return found.filter((word) => word.length > 1);
}

const literal = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A pattern that finds any of the words, or null. */
const anyOf = (words) => (words.length ? new RegExp(`(${words.map(literal).join("|")})`, "gi") : null);

export const markerOf = (q) => anyOf(wordsOf(q));

/** The same for words to highlight, which are separated by spaces or commas. */
export const highlighterOf = (text) => anyOf(text.split(/[\s,]+/).filter(Boolean));
