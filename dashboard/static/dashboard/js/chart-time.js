/* Figures over time: stacked bars of what adds up, lines of what does not. Drag zooms. */

import { make } from "./dom.js";
import { LEVELS } from "./format.js";
import { cutWords, exact, isSum, keyWords, metricWords, shown } from "./figures.js";
import * as time from "./time.js";

const SERIES = 8;
const GAP_PX = 1;

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
/* What is usual steps back: a share of its colour over the ground. */
const SHARES = { TRACE: 0.45, DEBUG: 0.45, INFO: 0.55 };

function levelColour(level) {
  const colour = token(level === "WARN" ? "--bar-warn" : `--level-${level.toLowerCase()}`);
  const parts = (hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  const [own, ground, share] = [parts(colour), parts(token("--ground")), SHARES[level] ?? 1];
  return `rgb(${own.map((part, i) => Math.round(part * share + ground[i] * (1 - share))).join(" ")})`;
}

/** [{label, key, metric, total, points: [value|null], colour}] of an answer, in the order drawn. */
function seriesOf(panel, answer) {
  const isByLevel = panel.group_by.length === 1 && panel.group_by[0] === "level";
  const groups = isByLevel ? [...answer.groups].sort((a, b) => LEVELS.indexOf(b.key.level) - LEVELS.indexOf(a.key.level)) : answer.groups;
  const series = groups.flatMap((group) =>
    answer.metrics.map((metric) => ({
      key: group.key,
      metric,
      label: [panel.group_by.length ? keyWords(group.key, panel.group_by) : "", answer.metrics.length > 1 || !panel.group_by.length ? metricWords(metric) : ""].filter(Boolean).join(" "),
      total: group.values[metric],
      points: (group.points || []).map((point) => point.values[metric] ?? null),
      level: isByLevel ? group.key.level : "",
    })),
  );
  return series.map((one, i) => ({ ...one, colour: one.level ? levelColour(one.level) : token(`--series-${(i % SERIES) + 1}`) }));
}

/** Each series on top of those after it. */
function stacked(points) {
  const sums = [];
  let below = points[0]?.map(() => 0) || [];
  for (const values of [...points].reverse()) {
    below = below.map((sum, i) => sum + (values[i] || 0));
    sums.unshift(below);
  }
  return sums;
}

/** Draws into `root`; `onZoom(startMs, endMs)`; `linkOf(key)` is where a legend entry leads. Returns {destroy}. */
export function timeChart(root, panel, answer, { span, onZoom, linkOf }) {
  const series = seriesOf(panel, answer);
  const starts = (answer.groups[0]?.points || []).map((point) => time.parse(point.start));
  const isStacked = answer.metrics.every(isSum);
  const values = series.map((one) => one.points);
  const plot = make("div", { class: "plot" });
  const tip = make("div", { class: "tip", hidden: true });
  root.append(plot, legend(panel, series, linkOf));
  if (answer.chosen_by) root.append(make("p", { class: "quiet more", text: cutWords(answer) }));
  const shownValues = isStacked ? stacked(values) : values;
  const most = Math.max(...shownValues.flat().filter((value) => value !== null), 0);
  const chart = new globalThis.uPlot(optionsOf(plot, { series, span, isStacked, most, widthMs: answer.interval_s * 1000, onZoom, onHover }), [starts, ...shownValues], plot);
  chart.over.append(tip);
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", words(series));
  const resizing = new ResizeObserver(() => plot.clientWidth && chart.setSize({ width: plot.clientWidth, height: plot.clientHeight }));
  resizing.observe(plot);

  function onHover(index, left) {
    tip.hidden = index === null || index === undefined;
    if (tip.hidden) return;
    const lines = series.filter((one) => one.points[index]).map((one) => make("div", {}, label(one), make("span", { text: exact(one.points[index], one.metric) })));
    tip.replaceChildren(make("div", { class: "quiet", text: time.dateAndTime(starts[index]).replace(/\.\d+$/, "") }), ...lines.slice(0, 12));
    const isRight = left + 16 + tip.offsetWidth < chart.over.clientWidth;
    tip.style.left = `${isRight ? left + 16 : Math.max(0, left - tip.offsetWidth - 16)}px`;
  }

  return {
    destroy() {
      resizing.disconnect();
      chart.destroy();
    },
  };
}

/** Bars on whole pixels, each from the top of the one below it: where bars cover each other, colours of those behind show at the edges. */
const bars = (widthMs) => (u, index, from, to) => {
  const fill = new Path2D();
  const [x, y] = [(ms) => Math.round(u.valToPos(ms, "x", true)), (value) => Math.round(u.valToPos(value, "y", true))];
  const [starts, tops, bottoms] = [u.data[0], u.data[index], u.data[index + 1]];
  for (let i = from; i <= to; i += 1) {
    const [left, right] = [Math.max(x(starts[i]), u.bbox.left), Math.min(x(starts[i] + widthMs), u.bbox.left + u.bbox.width)];
    const [top, bottom] = [y(tops[i]), y(bottoms?.[i] || 0)];
    if (right > left && bottom > top) fill.rect(left, top, Math.max(right - left - GAP_PX, 1), bottom - top);
  }
  return { stroke: null, fill, clip: null, band: null, gaps: null, flags: 0 };
};

function optionsOf(plot, { series, span, isStacked, most, widthMs, onZoom, onHover }) {
  const paths = bars(widthMs);
  const axis = { stroke: token("--quiet"), font: `11px ${token("--sans")}`, grid: { stroke: token("--line"), width: 1 }, ticks: { show: false } };
  const spanMs = span.endMs - span.startMs;
  return {
    width: plot.clientWidth || 300,
    height: plot.clientHeight || 120,
    ms: 1,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    scales: { x: { range: [span.startMs, span.endMs] }, y: { range: [0, most * 1.05 || 1] } },
    cursor: { y: false, points: { show: !isStacked, size: 6 }, drag: { x: true, y: false, setScale: false } },
    axes: [
      { ...axis, size: 22, space: 80, grid: { show: false }, values: (_, splits) => splits.map((ms) => time.axisLabel(ms, spanMs)) },
      { ...axis, size: 48, space: 28, values: (_, splits) => splits.map((value) => shown(value, series[0]?.metric || "count")) },
    ],
    series: [
      {},
      ...series.map((one) =>
        isStacked
          ? { fill: one.colour, stroke: one.colour, width: 0, paths, points: { show: false } }
          : { stroke: one.colour, width: 1.5, spanGaps: true, points: { show: one.points.length < 2, size: 4 } },
      ),
    ],
    hooks: {
      setCursor: [(u) => onHover(u.cursor.idx, u.cursor.left)],
      setSelect: [
        (u) => {
          if (u.select.width < 4) return;
          const [from, to] = [u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")];
          onZoom(Math.floor(from), Math.ceil(Math.max(to, from + widthMs / 10)));
        },
      ],
    },
  };
}

function swatch(one) {
  const mark = make("span", { class: "swatch" });
  mark.style.background = one.colour;
  return mark;
}

const label = (one) => make("span", { class: "of" }, swatch(one), one.label);

function legend(panel, series, linkOf) {
  const items = series.map((one) =>
    make(
      "li",
      {},
      make("a", { href: linkOf(one.key), title: `${one.label}: ${exact(one.total, one.metric)}. Show these lines` }, label(one), make("span", { class: "quiet", text: shown(one.total, one.metric) })),
    ),
  );
  return make("ul", { class: "legend", "aria-label": "Shown" }, ...items);
}

const words = (series) => (series.length ? `Over time: ${series.slice(0, 6).map((one) => `${one.label} ${exact(one.total, one.metric)}`).join(", ")}` : "Nothing over time");
