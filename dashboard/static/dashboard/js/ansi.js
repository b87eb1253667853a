/* Terminal colours in messages: cut out of the text and told as classes, never as markup. */

const ESCAPES = /\u001b\[([0-9;:]*)([@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[@-_]/g;

/** Whether a text has any escape sequence. */
export const hasEscapes = (text) => text.includes("\u001b");

/** [{text, look}]: pieces of the text; `look` are class names such as "fg-1 bold", or "". */
export function pieces(text) {
  const found = [];
  let look = { fg: "", bg: "", styles: new Set() };
  let at = 0;
  const add = (piece) => piece && found.push({ text: piece, look: classesOf(look) });
  for (const match of text.matchAll(ESCAPES)) {
    add(text.slice(at, match.index));
    at = match.index + match[0].length;
    if (match[2] === "m") look = changed(look, match[1]);
  }
  add(text.slice(at));
  return found;
}

const classesOf = ({ fg, bg, styles }) => [fg && `fg-${fg}`, bg && `bg-${bg}`, ...styles].filter(Boolean).join(" ");

const STYLES = { 1: "bold", 2: "faint", 3: "italic", 4: "underline" };
const ENDS = { 22: ["bold", "faint"], 23: ["italic"], 24: ["underline"] };

/** The look after `codes` (Select Graphic Rendition, ECMA-48 8.3.117). */
function changed(look, codes) {
  let next = { ...look, styles: new Set(look.styles) };
  const numbers = codes.split(/[;:]/).map(Number);
  for (let i = 0; i < numbers.length; i += 1) {
    const n = numbers[i];
    if (n === 0) next = { fg: "", bg: "", styles: new Set() };
    else if (STYLES[n]) next.styles.add(STYLES[n]);
    else if (ENDS[n]) for (const style of ENDS[n]) next.styles.delete(style);
    else if (n === 38 || n === 48) {
      const color = numbers[i + 1] === 5 ? String(basic(numbers[i + 2])) : "";
      next[n === 38 ? "fg" : "bg"] = color;
      i += numbers[i + 1] === 5 ? 2 : 4;
    } else if ((n >= 30 && n <= 37) || (n >= 90 && n <= 97)) next.fg = String(n % 10);
    else if ((n >= 40 && n <= 47) || (n >= 100 && n <= 107)) next.bg = String(n % 10);
    else if (n === 39) next.fg = "";
    else if (n === 49) next.bg = "";
  }
  return next;
}

/** The nearest of the eight colours of one of 256. */
function basic(n) {
  if (!(n >= 16)) return (n || 0) % 8;
  if (n >= 232) return n < 244 ? 0 : 7;
  const cube = n - 16;
  const bits = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((part) => (part >= 3 ? 1 : 0));
  return bits[0] + 2 * bits[1] + 4 * bits[2];
}
