/* A small line of numbers over time. */

import { draw } from "./dom.js";

const [WIDTH, HEIGHT] = [96, 18];

/** An SVG of `numbers`, with words for who cannot see it. */
export function sparkline(numbers, words) {
  const most = Math.max(...numbers, 1);
  const step = WIDTH / Math.max(numbers.length, 1);
  const bars = numbers.map((n, i) => (n ? `M${(i * step).toFixed(1)} ${HEIGHT}v${(-Math.max((n / most) * HEIGHT, 1)).toFixed(1)}h${(step - 0.8).toFixed(1)}V${HEIGHT}z` : "")).join("");
  const svg = draw("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", "aria-label": words });
  svg.append(draw("path", { d: bars }));
  return svg;
}
