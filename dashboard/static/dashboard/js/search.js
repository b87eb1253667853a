/* What the page asks the API: one search at a time, the older one is given up. */

import { get } from "./api.js";
import * as time from "./time.js";
import { reasonsFor } from "./why.js";

const LATER_PAGE = 1000;
const SLOW_MS = 2000;
const LINES_FIRST_MS = 250; /* so long chart and numbers leave the engine to the lines */
const OVERLAP_MS = 2000;
const GAP_LIMIT = 1000;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export class Search {
  /** `page_lines` a page; the first search is of the moment `now_ms`, when the page was made: the browser asked it ahead. */
  constructor({ page_lines: pageLines, now_ms: firstMs }) {
    Object.assign(this, { pageLines, firstMs });
    this.abort = null;
    this.next = null;
    this.asked = null;
    this.isPaging = false;
  }

  /** Give up whatever runs. */
  cancel() {
    this.abort?.abort();
    this.abort = null;
    this.isPaging = false;
  }

  /**
   * The first page of a state, with chart and numbers as they come.
   * `on.page`, `on.chart`, `on.stats` get answers, `on.error` an ApiError, `on.slow` nothing.
   */
  async run(state, on) {
    this.cancel();
    const abort = new AbortController();
    this.abort = abort;
    const span = time.resolve(state, state.live ? undefined : this.firstMs);
    this.firstMs = undefined;
    this.asked = { app: state.app, q: state.q, start: time.iso(span.startMs), end: time.iso(span.endMs) };
    this.next = null;
    const slow = setTimeout(() => on.slow(), SLOW_MS);
    const page = get("logs", { ...this.asked, limit: this.pageLines }, abort.signal).then((answer) => {
      this.next = answer.next;
      on.page(answer, span);
    });
    const asked = this.asked;
    const numbers = Promise.race([page.catch(() => null), pause(LINES_FIRST_MS)]).then(() => abort.signal.aborted || this.#numbers(asked, span, abort.signal, on));
    on.began(asked, span);
    try {
      await page;
    } catch (error) {
      if (error.name !== "AbortError") on.error(error);
      return;
    } finally {
      clearTimeout(slow);
    }
    await numbers;
  }

  /** Chart and numbers; their failure costs only them. */
  async #numbers(asked, span, signal, on) {
    const chart = get("logs/histogram", { ...asked, interval: "auto", by: "level" }, signal);
    const stats = get("logs/stats", asked, signal);
    await Promise.all([
      chart.then((answer) => on.chart(answer, span)).catch((error) => error.name !== "AbortError" && on.chart(null, span)),
      stats.then(on.stats).catch((error) => error.name !== "AbortError" && on.stats(null)),
    ]);
  }

  /** Chart and numbers again, for a range that moved on. */
  async refreshNumbers(state, on) {
    if (!this.abort) return;
    const span = time.resolve(state);
    const asked = { ...this.asked, start: time.iso(span.startMs), end: time.iso(span.endMs) };
    await this.#numbers(asked, span, this.abort.signal, on);
  }

  /** The page after the last one: records, or null if there is none or one is on its way. */
  async more() {
    if (!this.next || this.isPaging) return null;
    this.isPaging = true;
    try {
      const answer = await get("logs", { ...this.asked, limit: LATER_PAGE, cursor: this.next }, this.abort.signal);
      this.next = answer.next;
      return answer.results;
    } finally {
      this.isPaging = false;
    }
  }

  /** What came while the live connection was lost, newest first, and whether that is all of it. */
  async since(state, ms) {
    const start = time.iso(Math.max(ms - OVERLAP_MS, 0));
    const end = time.iso(time.nowMs() + 60e3);
    const answer = await get("logs", { app: state.app, q: state.q, start, end, limit: GAP_LIMIT }, this.abort?.signal);
    return { records: answer.results, isAll: !answer.next };
  }

  /** Why nothing was found: numbers of the query at any time, and of the range without it; reasons. */
  async explain(state) {
    const signal = this.abort?.signal;
    const end = time.iso(time.nowMs() + 86400e3);
    const any = { app: state.app, start: time.EPOCH_ISO, end };
    const quiet = (promise) => promise.catch(() => null);
    const [elsewhere, without, ever, reasons] = await Promise.all([
      quiet(get("logs/stats", { ...any, q: state.q }, signal)),
      state.q ? quiet(get("logs/stats", { ...this.asked, q: "" }, signal)) : null,
      state.q ? quiet(get("logs/stats", any, signal)) : null,
      state.q ? reasonsFor(this.asked, signal) : null,
    ]);
    const isFirstVisit = (ever || elsewhere)?.total === 0;
    return { elsewhere, without, reasons, isFirstVisit };
  }

  /** Counts over the equally long time before, for the line in the chart. */
  before(span) {
    const start = time.iso(span.startMs - (span.endMs - span.startMs));
    return get("logs/histogram", { ...this.asked, start, end: time.iso(span.startMs), interval: "auto", by: "level" }, this.abort?.signal);
  }

  record(id) {
    return get(`logs/${id}`, {});
  }
}
