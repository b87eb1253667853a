// Marked parts of a line → the pattern of a format; no page in here.
const KNOWN = [
  [/^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$/, "ip", ""],
  [/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d|^\d\d\/[A-Z][a-z]{2}\/\d{4}:|^[A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d|^\d{2}\.\d{2}\.\d{4} /, "time", ""],
  [/^(?:trace|debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|alert|emerg|panic)$/i, "level", ""],
  [/^(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)$/, "method", "word"],
  [/^[1-5]\d\d$/, "status", "int"],
  [/^-?\d+$/, "", "int"],
  [/^-?\d+\.\d+$/, "", "number"],
  [/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, "", "uuid"],
];

/** What a part of a line may be: the name of a field and of a pattern, empty where unknown. */
export function guess(part) {
  const found = KNOWN.find(([like]) => like.test(part));
  return found ? { name: found[1], holds: found[2] } : { name: "", holds: "" };
}

/** The marks with one more, in order, or the problem in words. */
export function withMark(marks, mark) {
  if (mark.start === mark.end) return { problem: "Select a part of the line first." };
  if (!/^[A-Za-z_][A-Za-z0-9_.]*$/.test(mark.name)) {
    return { problem: "Name the field with letters, digits, _ and dots." };
  }
  const kept = marks.filter((other) => other.end <= mark.start || other.start >= mark.end);
  if (kept.some((other) => other.name === mark.name)) {
    return { problem: `There is a field ${mark.name} already.` };
  }
  return { marks: [...kept, mark].sort((one, other) => one.start - other.start) };
}

/** The pattern: marked parts as fields, the rest as it is. */
export function patternOf(line, marks) {
  let pattern = "", at = 0;
  for (const mark of marks) {
    pattern += literal(line.slice(at, mark.start));
    pattern += `<${mark.name}${mark.holds ? `:${mark.holds}` : ""}>`;
    at = mark.end;
  }
  return pattern + literal(line.slice(at));
}

function literal(text) {
  return text.replace(/<(?=[A-Za-z_])/g, "\\<");
}
