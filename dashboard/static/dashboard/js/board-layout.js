/* Where panels stand on the grid: moved or resized, the others make room and close gaps. */

const COLUMNS = 12;
const TALLEST = 40;
const LOWEST = [1, 2];

const meets = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
const inOrder = (a, b) => a.y - b.y || a.x - b.x;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** The nearest place within the grid. */
function fitted({ x, y, w, h }) {
  const wide = clamp(w, LOWEST[0], COLUMNS);
  return { x: clamp(x, 0, COLUMNS - wide), y: Math.max(y, 0), w: wide, h: clamp(h, LOWEST[1], TALLEST) };
}

/** `panels` with the one of `id` at `place`; whatever it covers goes down, then all go up. */
export function placed(panels, id, place) {
  const chosen = { ...panels.find((panel) => panel.id === id), ...fitted(place) };
  const laid = [chosen];
  for (const panel of panels.filter((other) => other.id !== id).sort(inOrder)) {
    const next = { ...panel };
    while (laid.some((other) => meets(other, next))) next.y += 1;
    laid.push(next);
  }
  return tightened(laid, panels);
}

/** `panels` without gaps between them from top to bottom, in the order of `like`. */
export function tightened(panels, like = panels) {
  const laid = [];
  for (const panel of [...panels].sort(inOrder)) {
    const next = { ...panel };
    while (next.y > 0 && !laid.some((other) => meets(other, { ...next, y: next.y - 1 }))) next.y -= 1;
    laid.push(next);
  }
  return like.map((panel) => laid.find((other) => other.id === panel.id));
}

/** `panels` as they are read: row by row. */
export const inReadingOrder = (panels) => [...panels].sort(inOrder);

/** The one of `id` a step earlier or later in that order: it and its neighbour change places. */
export function exchanged(panels, id, step) {
  const order = inReadingOrder(panels);
  const at = order.findIndex((panel) => panel.id === id);
  const [one, other] = [order[at], order[at + step]];
  if (!other) return panels;
  if (one.w === other.w && one.h === other.h) {
    const place = ({ x, y }) => ({ x, y });
    return panels.map((panel) => (panel === one ? { ...one, ...place(other) } : panel === other ? { ...other, ...place(one) } : panel));
  }
  const [early, late] = step < 0 ? [other, one] : [one, other];
  return placed(panels, late.id, { ...late, x: early.x, y: early.y });
}

/** A place below all others. */
export const below = (panels, w, h) => ({ x: 0, y: Math.max(0, ...panels.map((panel) => panel.y + panel.h)), w, h });
