/* The query language cut into pieces, as the server's grammar does: for colours and for editing. */

const END = "(?=[\\s()\"]|$)";
const TEXT = '"(?:\\\\[^]|[^"\\\\])*"';
const PIECES = {
  space: /\s+/y,
  keyword: new RegExp(`(?:AND|OR|NOT)${END}`, "y"),
  minus: /-(?=[^\s)-])/y,
  open: /\(/y,
  close: /\)/y,
  colon: /:/y,
  compare: /<=|>=|<|>/y,
  regex: /\/(?![*+?])(?:\\[^]|[^/\\])+\/(?=[\s)]|$)/y,
  range: new RegExp(`[[{]\\s*(?:${TEXT}|[^\\s"\\]}]+)\\s+TO\\s+(?:${TEXT}|[^\\s"\\]}]+)\\s*[\\]}]`, "y"),
  phrase: new RegExp(TEXT, "y"),
  field: /(?:\\[^]|[^\s()":<>\\-])(?:\\[^]|[^\s()":<>\\])*(?=\s*[:<>])/y,
  word: /(?:\\(?:[^]|$)|[^\s()":<>\\])+/y,
  value: /(?:\\(?:[^]|$)|[^\s()"<>[{\\])(?:\\(?:[^]|$)|[^\s()"\\])*/y,
};
const CLAUSE = ["space", "keyword", "minus", "open", "close", "regex", "phrase", "field", "compare", "colon", "word"];
const VALUE = ["space", "open", "close", "compare", "regex", "range", "phrase", "value"];
const VALUES = ["space", "keyword", "minus", "open", "close", "compare", "regex", "range", "phrase", "value"];

/** [{kind, text, from, to}] of all of `q`; `bad` are pieces that cannot be read, such as an open quote. */
export function tokens(q) {
  const found = [];
  const groups = []; /* for each open parenthesis: whether values are inside */
  let isValue = false;
  let at = 0;
  while (at < q.length) {
    const wanted = isValue ? VALUE : groups.at(-1) ? VALUES : CLAUSE;
    const token = read(q, at, wanted);
    found.push(token);
    at = token.to;
    if (token.kind === "open") groups.push(isValue || Boolean(groups.at(-1)));
    if (token.kind === "close" && groups.pop() === undefined) token.kind = "bad";
    if (token.kind === "colon" || token.kind === "compare") isValue = true;
    else if (token.kind !== "space") isValue = false;
  }
  return found;
}

function read(q, from, wanted) {
  for (const kind of wanted) {
    const piece = PIECES[kind];
    piece.lastIndex = from;
    const text = piece.exec(q)?.[0];
    if (text) return { kind, text, from, to: from + text.length };
  }
  const to = q[from] === '"' ? q.length : from + 1;
  return { kind: "bad", text: q.slice(from, to), from, to };
}

/** A name without the backslashes that a query needs in it. */
export const unescaped = (text) => text.replace(/\\([^])/g, "$1");

/** What a token stands for, without quotes and backslashes. */
export function meant({ kind, text }) {
  return kind === "phrase" ? text.slice(1, -1).replace(/\\(["\\])/g, "$1") : unescaped(text);
}

const hasWildcard = (text) => /[*?]/.test(text.replace(/\\[^]/g, ""));

/**
 * The clauses that all have to hold: [{from, to, isExcluded, field, values}]. `field` is null for
 * words and groups, `values` is null unless the clause is `field:value` or `field:(a OR b)`.
 * Null where the query is not such a list, because of an OR at the top.
 */
export function clauses(q) {
  const all = tokens(q).filter((token) => token.kind !== "space");
  const found = [];
  let i = 0;
  while (i < all.length) {
    if (all[i].kind === "keyword" && all[i].text === "OR") return null;
    const from = all[i].from;
    if (all[i].kind === "keyword" && all[i].text === "AND") i += 1;
    let isExcluded = false;
    for (; i < all.length && (all[i].kind === "minus" || all[i].text === "NOT"); i += 1) isExcluded = !isExcluded;
    if (i >= all.length) break;
    const start = i;
    i = endOfClause(all, i);
    found.push({ from, to: all[i - 1].to, isExcluded, ...inside(all.slice(start, i)) });
  }
  return found;
}

function endOfClause(all, start) {
  let i = start;
  if (all[i].kind === "field") {
    i += 1;
    while (i < all.length && (all[i].kind === "colon" || all[i].kind === "compare")) i += 1;
  }
  let depth = 0;
  do {
    if (all[i]?.kind === "open") depth += 1;
    if (all[i]?.kind === "close") depth -= 1;
    i += 1;
  } while (i < all.length && depth > 0);
  return Math.min(i, all.length);
}

function inside(parts) {
  if (parts[0].kind !== "field") return { field: null, values: null };
  const field = unescaped(parts[0].text);
  const rest = parts.slice(2);
  const isPlain = (token) => token.kind === "phrase" || (token.kind === "value" && !hasWildcard(token.text));
  if (parts[1]?.kind !== "colon") return { field, values: null };
  if (rest.length === 1 && isPlain(rest[0])) return { field, values: [meant(rest[0])] };
  const inner = rest.slice(1, -1);
  const isList =
    rest[0]?.kind === "open" &&
    inner.length % 2 === 1 &&
    inner.every((token, i) => (i % 2 ? token.text === "OR" && token.kind === "keyword" : isPlain(token)));
  return { field, values: isList ? inner.filter((_, i) => i % 2 === 0).map(meant) : null };
}
