/* A small line of numbers over time. */

import { draw } from "./dom.js";

const [WIDTH, HEIGHT] = [120, 24];

/** An SVG of `values`, oldest first; `words` says what it shows. */
export function sparkline(values, words) {
  const svg = draw("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": words });
  svg.append(draw("title", {}, words));
  const most = Math.max(...values, 0);
  const step = WIDTH / Math.max(values.length - 1, 1);
  const points = values.map((value, i) => `${(i * step).toFixed(1)} ${(HEIGHT - 1 - (most ? (value / most) * (HEIGHT - 3) : 0)).toFixed(1)}`);
  if (most) svg.append(draw("path", { class: "under", d: `M0 ${HEIGHT}L${points.join("L")}L${WIDTH} ${HEIGHT}z` }));
  if (points.length) svg.append(draw("path", { class: "over", d: `M${points.join("L")}` }));
  return svg;
}
