/* Lines over time, stacked by level, with the time before as a line. Drag or Enter zooms. */

import { draw, make } from "./dom.js";
import { LEVELS, grouped, plural, rounded } from "./format.js";
import * as time from "./time.js";

const STACK = [...LEVELS].reverse();
const AXIS_PX = 16;
const MIN_DRAG_PX = 4;

const sum = (counts) => Object.values(counts).reduce((a, b) => a + b, 0);

export class Histogram {
  /** `onZoom(startMs, endMs)` is called with what was chosen. */
  constructor(root, { onZoom }) {
    this.root = root;
    this.onZoom = onZoom;
    this.data = null;
    this.past = null;
    this.held = null;
    this.chosen = null; /* index of a bar, by keyboard */
    this.anchor = null; /* where a choice of several bars began */
    this.svg = draw("svg", { "aria-hidden": "true" });
    this.brush = make("div", { class: "brush", hidden: true });
    this.heldBrush = make("div", { class: "brush held", hidden: true });
    this.tip = make("div", { class: "tip", hidden: true });
    root.append(this.svg, this.heldBrush, this.brush, this.tip);
    new ResizeObserver(() => this.paint()).observe(root);
    this.#listen();
  }

  /** `answer` is the API's; the span is what was asked for. Null empties the chart. */
  show(answer, span) {
    this.data = answer && {
      intervalMs: answer.interval_s * 1000,
      buckets: answer.buckets.map((b) => ({ ms: time.parse(b.start), counts: b.counts, total: sum(b.counts) })),
    };
    this.span = span;
    this.past = null;
    this.#fitSpan();
    this.#choose(null);
    this.paint();
    this.#describe();
  }

  /** The equally long time before, drawn as a thin line; null takes it away. */
  compareWith(answer) {
    const length = this.span ? this.span.endMs - this.span.startMs : 0;
    this.past = answer && {
      intervalMs: answer.interval_s * 1000,
      buckets: answer.buckets.map((b) => ({ ms: time.parse(b.start) + length, total: sum(b.counts) })),
    };
    this.paint();
  }

  /** A span that stays marked: {startMs, endMs} or null. */
  hold(span) {
    this.held = span;
    this.#paintHeld();
  }

  #paintHeld() {
    this.heldBrush.hidden = !this.held || !this.data;
    if (this.heldBrush.hidden) return;
    const [left, right] = [this.held.startMs, this.held.endMs].map((ms) => Math.min(Math.max(this.#x(ms), 0), this.root.clientWidth));
    this.heldBrush.style.left = `${left}px`;
    this.heldBrush.style.width = `${right - left}px`;
  }

  /** "Any time" asks from 1970 on: draw only where there are lines. */
  #fitSpan() {
    const filled = this.data?.buckets.filter((bucket) => bucket.total) || [];
    if (!filled.length || this.span.startMs > 0) return;
    this.span = { startMs: filled[0].ms, endMs: filled.at(-1).ms + this.data.intervalMs };
  }

  #describe() {
    const peak = this.data?.buckets.reduce((a, b) => (b.total > a.total ? b : a), { total: 0 });
    const words = peak?.total
      ? `most in ${time.duration(this.data.intervalMs / 1000)}: ${plural(peak.total, "line")} at ${time.dateAndTime(peak.ms)}`
      : "no lines";
    this.root.setAttribute("aria-label", `Lines over time, ${words}. Arrow keys choose, with Shift several, Enter zooms.`);
  }

  get height() {
    return this.root.clientHeight - AXIS_PX;
  }

  #x(ms) {
    const { startMs, endMs } = this.span;
    return ((ms - startMs) / (endMs - startMs)) * this.root.clientWidth;
  }

  #ms(x) {
    const { startMs, endMs } = this.span;
    return startMs + (Math.min(Math.max(x, 0), this.root.clientWidth) / this.root.clientWidth) * (endMs - startMs);
  }

  paint() {
    this.svg.replaceChildren();
    const width = this.root.clientWidth;
    if (!this.data || !width) return;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${this.height + AXIS_PX}`);
    this.svg.append(draw("line", { class: "axis", x1: 0, x2: width, y1: this.height + 0.5, y2: this.height + 0.5 }));
    const totals = [...this.data.buckets, ...(this.past?.buckets || [])].map((bucket) => bucket.total);
    const most = Math.max(...totals, 0);
    if (most) this.#paintBars(most);
    if (most && this.past) this.#paintPast(most);
    this.#paintAxis(most, width);
    this.#paintHeld();
  }

  #paintPast(most) {
    const y = (total) => this.height - (total / most) * (this.height - 4);
    const x = (ms) => Math.min(Math.max(this.#x(ms), 0), this.root.clientWidth);
    const points = this.past.buckets.map((b) => `${x(b.ms + this.past.intervalMs / 2).toFixed(1)} ${y(b.total).toFixed(1)}`);
    if (points.length) this.svg.append(draw("path", { class: "past", d: `M${points.join("L")}` }));
  }

  #paintBars(most) {
    const paths = Object.fromEntries(STACK.map((level) => [level, ""]));
    for (const bucket of this.data.buckets) {
      const left = Math.max(this.#x(bucket.ms), 0);
      const right = Math.min(this.#x(bucket.ms + this.data.intervalMs), this.root.clientWidth);
      const width = Math.max(right - left - 1, 1);
      let bottom = this.height;
      for (const level of STACK) {
        const count = bucket.counts[level] || 0;
        if (!count || right <= left) continue;
        const tall = Math.max((count / most) * (this.height - 4), 1.5);
        paths[level] += `M${left.toFixed(1)} ${bottom.toFixed(1)}h${width.toFixed(1)}v${(-tall).toFixed(1)}h${(-width).toFixed(1)}z`;
        bottom -= tall;
      }
    }
    for (const level of STACK) {
      if (paths[level]) this.svg.append(draw("path", { class: `bars-${level}`, d: paths[level] }));
    }
  }

  #paintAxis(most, width) {
    const { startMs, endMs } = this.span;
    const labels = Math.max(2, Math.min(8, Math.floor(width / 140)));
    for (let i = 0; i <= labels; i += 1) {
      const ms = startMs + ((endMs - startMs) * i) / labels;
      const anchor = i === 0 ? "start" : i === labels ? "end" : "middle";
      const at = { x: (width * i) / labels, y: this.height + 13, "text-anchor": anchor };
      this.svg.append(draw("text", at, time.axisLabel(ms, endMs - startMs)));
    }
    if (most) this.svg.append(draw("text", { x: width, y: 9, "text-anchor": "end" }, rounded(most)));
  }

  #listen() {
    let from = null;
    const x = (event) => event.clientX - this.root.getBoundingClientRect().left;
    this.root.addEventListener("pointerdown", (event) => {
      if (!this.data || event.button !== 0) return;
      from = x(event);
      this.root.setPointerCapture(event.pointerId);
    });
    this.root.addEventListener("pointermove", (event) => {
      if (from !== null) this.#showBrush(from, x(event));
      this.#showTip(this.#bucketAt(x(event)));
    });
    this.root.addEventListener("pointerup", (event) => {
      if (from === null) return;
      const [start, to] = [from, x(event)];
      from = null;
      this.brush.hidden = true;
      if (Math.abs(to - start) >= MIN_DRAG_PX) this.#zoom(this.#ms(Math.min(start, to)), this.#ms(Math.max(start, to)));
      else this.#zoomBucket(this.#bucketAt(to));
    });
    this.root.addEventListener("pointercancel", () => {
      from = null;
      this.brush.hidden = true;
    });
    this.root.addEventListener("pointerleave", () => this.#showTip(null));
    this.root.addEventListener("blur", () => this.#choose(null));
    this.root.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && this.data?.buckets.length) {
      event.preventDefault();
      const last = this.data.buckets.length - 1;
      const next = Math.min(Math.max((this.chosen ?? (step > 0 ? -1 : last + 1)) + step, 0), last);
      this.#choose(next, event.shiftKey ? (this.anchor ?? this.chosen ?? next) : null);
    } else if (event.key === "Enter" && this.chosen !== null) {
      event.preventDefault();
      event.stopPropagation();
      this.#zoom(...this.#chosenSpan());
    } else if (event.key === "Escape" && this.chosen !== null) {
      event.stopPropagation();
      this.#choose(null);
    }
  }

  #chosenSpan() {
    const [first, last] = [this.chosen, this.anchor ?? this.chosen].sort((a, b) => a - b);
    return [this.data.buckets[first].ms, this.data.buckets[last].ms + this.data.intervalMs];
  }

  #choose(index, anchor = null) {
    this.chosen = index;
    this.anchor = anchor;
    const bucket = index === null ? null : this.data.buckets[index];
    this.#showTip(bucket);
    if (!bucket) {
      this.brush.hidden = true;
      return;
    }
    const [startMs, endMs] = this.#chosenSpan();
    this.#showBrush(this.#x(startMs), this.#x(endMs));
    const until = anchor === null ? "" : `, ${time.duration((endMs - startMs) / 1000)} chosen`;
    this.root.setAttribute("aria-label", `${time.dateAndTime(bucket.ms)}: ${plural(bucket.total, "line")}${until}. Enter zooms.`);
  }

  #showBrush(from, to) {
    this.brush.hidden = false;
    this.brush.style.left = `${Math.min(from, to)}px`;
    this.brush.style.width = `${Math.abs(to - from)}px`;
  }

  #bucketAt(x) {
    if (!this.data) return null;
    const ms = this.#ms(x);
    return this.data.buckets.find((bucket) => ms >= bucket.ms && ms < bucket.ms + this.data.intervalMs) || null;
  }

  #showTip(bucket) {
    this.tip.hidden = !bucket;
    if (!bucket) return;
    const counted = STACK.filter((level) => bucket.counts[level]);
    const lines = counted.map((level) =>
      make("div", {}, make("span", { class: "badge", "data-level": level, text: level }), make("span", { text: grouped(bucket.counts[level]) })),
    );
    const every = time.duration(this.data.intervalMs / 1000);
    const before = this.past?.buckets.find((one) => one.ms <= bucket.ms && bucket.ms < one.ms + this.past.intervalMs);
    if (before) lines.push(make("div", { class: "quiet" }, make("span", { text: "before" }), make("span", { text: grouped(before.total) })));
    const title = make("div", {}, make("span", { text: time.dateAndTime(bucket.ms).replace(/\.\d+$/, "") }), make("span", { class: "quiet", text: every }));
    this.tip.replaceChildren(title, ...(lines.length ? lines : [make("div", { text: "no lines" })]));
    const left = this.#x(bucket.ms + this.data.intervalMs) + 8;
    const isRight = left + this.tip.offsetWidth < this.root.clientWidth;
    this.tip.style.left = `${isRight ? left : Math.max(0, this.#x(bucket.ms) - this.tip.offsetWidth - 8)}px`;
  }

  #zoomBucket(bucket) {
    if (bucket) this.#zoom(bucket.ms, bucket.ms + this.data.intervalMs);
  }

  #zoom(startMs, endMs) {
    if (endMs - startMs >= 1) this.onZoom(Math.floor(startMs), Math.ceil(endMs));
  }
}
