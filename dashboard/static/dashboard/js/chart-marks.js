/* Figures without a chart library: numbers, ranked lists, columns, tables, heat maps. */

import { draw, make } from "./dom.js";
import { cutWords, exact, keyWords, metricWords, shown } from "./figures.js";
import { LEVELS, grouped } from "./format.js";
import { templateParts } from "./patterns.js";
import { sparkline } from "./sparkline.js";
import * as time from "./time.js";

const HEAT_STEPS = 6;

const link = (href, text, title) => make("a", { href, title, text });

/** One figure, large, with how it changed. */
export function number(root, panel, answer) {
  const [metric] = answer.metrics;
  const group = answer.groups[0];
  const value = group?.values[metric] ?? null;
  root.append(make("p", { class: "big", title: exact(value, metric), text: shown(value, metric) }));
  const before = answer.before?.[metric];
  if (before && value !== null) {
    const change = Math.round((100 * (value - before)) / before);
    const text = change ? `${change > 0 ? "+" : "−"}${grouped(Math.abs(change))} % to the time before` : "as in the time before";
    root.append(make("p", { class: "quiet", title: `${exact(before, metric)} in the equally long time before`, text }));
  }
  const points = (group?.points || []).map((point) => point.values[metric] || 0);
  if (points.some(Boolean)) root.append(sparkline(points, `${metricWords(metric)} over time`));
}

/** Values ranked, each with a bar. */
export function top(root, panel, answer, { linkOf }) {
  const [metric] = answer.metrics;
  const most = Math.max(...answer.groups.map((group) => group.values[metric] || 0), 0);
  const items = answer.groups.map((group) => {
    const words = keyWords(group.key, panel.group_by);
    const value = group.values[metric];
    const bar = make("span", { class: "bar" });
    bar.style.width = `${most ? Math.max((100 * (value || 0)) / most, 0.5) : 0}%`;
    return make("li", { class: "ranked" }, bar, link(linkOf(group.key), words, `Show the lines of ${words}`), make("span", { title: exact(value, metric), text: shown(value, metric) }));
  });
  root.append(make("ol", { class: "top" }, ...items), more(answer));
}

/** Values beside each other as columns. */
export function bar(root, panel, answer, { linkOf }) {
  const [metric] = answer.metrics;
  const most = Math.max(...answer.groups.map((group) => group.values[metric] || 0), 0);
  const items = answer.groups.map((group) => {
    const words = keyWords(group.key, panel.group_by);
    const value = group.values[metric];
    const column = make("span", { class: "column", "data-level": LEVELS.includes(group.key.level) ? group.key.level : null });
    column.style.height = `${most ? Math.max((100 * (value || 0)) / most, 1) : 0}%`;
    return make("li", { title: `${words}: ${exact(value, metric)}` }, make("span", { class: "quiet", text: shown(value, metric) }), make("span", { class: "stand" }, column), link(linkOf(group.key), words, null));
  });
  root.append(make("ul", { class: "columns-chart" }, ...items), more(answer));
}

/** Every group with every figure. */
export function table(root, panel, answer, { linkOf }) {
  if (answer.templates) {
    templates(root, answer, linkOf);
    return;
  }
  const head = [...panel.group_by.map((name) => make("th", { scope: "col", text: name })), ...answer.metrics.map((metric) => make("th", { scope: "col", class: "right", text: metricWords(metric) }))];
  const rows = answer.groups.map((group) =>
    make(
      "tr",
      {},
      ...panel.group_by.map((name, i) => make("td", {}, i ? make("span", { text: group.key[name] || "(none)" }) : link(linkOf(group.key), group.key[name] || "(none)", "Show these lines"))),
      ...answer.metrics.map((metric) => make("td", { class: "right", title: exact(group.values[metric], metric), text: shown(group.values[metric], metric) })),
    ),
  );
  root.append(make("table", { class: "grid" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)), more(answer));
}

function templates(root, answer, linkOf) {
  const rows = answer.templates.map((one) =>
    make(
      "tr",
      {},
      make("td", { class: "letter", "data-level": one.level }, make("span", { class: "badge", title: one.level, text: one.level[0] })),
      make("td", {}, make("a", { class: "template", href: linkOf({ pattern_id: String(one.pattern_id) }), title: one.template }, ...templateParts(one.template))),
      make("td", { class: "right", title: time.hover(one.first_seen), text: time.ago(time.parse(one.first_seen)) }),
      make("td", { class: "right", title: grouped(one.count), text: shown(one.count, "count") }),
    ),
  );
  const head = ["", "Message", "First seen", "Lines"].map((text, i) => make("th", { scope: "col", class: i > 1 ? "right" : "" }, i ? text : make("span", { class: "spoken", text: "Level" })));
  root.append(make("table", { class: "grid" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)));
}

/** Groups over time, darker where there is more. */
export function heat(root, panel, answer, { linkOf }) {
  const [metric] = answer.metrics;
  const most = Math.max(...answer.groups.flatMap((group) => (group.points || []).map((point) => point.values[metric] || 0)), 0);
  const rows = answer.groups.map((group) => {
    const words = keyWords(group.key, panel.group_by);
    return make("li", {}, link(linkOf(group.key), words, `${words}: ${exact(group.values[metric], metric)}. Show these lines`), cells(group, metric, most, words));
  });
  root.append(make("ul", { class: "heat" }, ...rows), more(answer));
}

function cells(group, metric, most, words) {
  const points = group.points || [];
  const svg = draw("svg", { viewBox: `0 0 ${Math.max(points.length, 1)} 1`, preserveAspectRatio: "none", role: "img", "aria-label": `${words} over time` });
  const steps = Array.from({ length: HEAT_STEPS }, () => "");
  points.forEach((point, i) => {
    const value = point.values[metric] || 0;
    if (value > 0) steps[Math.min(HEAT_STEPS - 1, Math.floor((value / most) * HEAT_STEPS))] += `M${i} 0h1v1h-1z`;
  });
  steps.forEach((d, i) => d && svg.append(draw("path", { class: `heat-${i}`, d })));
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const point = points[Math.floor(((event.clientX - box.left) / box.width) * points.length)];
    if (point) svg.parentElement.title = `${words}, ${time.dateAndTime(time.parse(point.start)).replace(/\.\d+$/, "")}: ${exact(point.values[metric], metric)}`;
  });
  return svg;
}

const more = (answer) => make("p", { class: "quiet more", text: cutWords(answer) });
