/* The table of sources: one row each, with how it does. */

import { make } from "./dom.js";
import { grouped, plural, rounded } from "./format.js";
import { sparkline } from "./sparkline.js";
import * as time from "./time.js";

const QUIET_MS = 15 * 60e3;
const LATE_MS = 60e3;

/** {kind, words}: how a source does, for its light. */
export function stateOf(source) {
  if (!source.is_active) return { kind: "off", words: "switched off: what its keys send is refused" };
  if (source.lines === null) return { kind: "unknown", words: "unknown while the log engine cannot be reached" };
  const refused = source.not_stored_last_at ? time.parse(source.not_stored_last_at) : 0;
  const last = source.last_at ? time.parse(source.last_at) : 0;
  if (!last && !refused) return { kind: "waiting", words: "nothing has arrived yet" };
  if (refused > last || time.nowMs() - refused < QUIET_MS) return { kind: "refused", words: "lines arrive that cannot be read" };
  if (time.nowMs() - last > QUIET_MS) return { kind: "quiet", words: `quiet: the last line came ${time.ago(last)}` };
  return { kind: "good", words: "lines arrive" };
}

export const light = ({ kind, words }) => make("span", { class: `light ${kind}`, role: "img", "aria-label": words, title: words });

/** "0.4 s", "12 s", "3 min": for reading, of milliseconds. */
export function span(ms) {
  if (ms < 0) return "ahead";
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const steps = [[60e3, 1e3, "s"], [3600e3, 60e3, "min"], [2 * 86400e3, 3600e3, "h"], [Infinity, 86400e3, "days"]];
  const [, size, unit] = steps.find(([below]) => ms < below);
  return `${Math.round(ms / size)} ${unit}`;
}

const rate = (perS) => (perS >= 10 ? rounded(perS) : perS >= 0.05 ? perS.toFixed(1) : perS ? "< 0.1" : "0");

export class SourceList {
  /** `config` as of the page; `onChoose(id)` is called with the source that was chosen. */
  constructor(body, config, onChoose) {
    Object.assign(this, { body, config, onChoose });
  }

  /** Shows `sources`; the one with the id `chosen` is marked. */
  show(sources, chosen, hasApps) {
    const focused = this.body.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    this.body.replaceChildren(...sources.map((source) => this.#row(source, source.id === chosen, hasApps)));
    if (focused) this.body.querySelector(`button[data-id="${focused}"]`)?.focus();
  }

  #row(source, isChosen, hasApps) {
    const cell = (label, ...content) => make("td", { "data-label": label }, ...content);
    const row = make("tr", isChosen ? { class: "chosen" } : {});
    row.append(
      make("th", { scope: "row" }, this.#name(source, isChosen, hasApps)),
      cell("Lines a second", ...this.#rate(source)),
      cell("Behind", this.#lag(source)),
      cell("Not stored", this.#refused(source)),
      cell("Last line", this.#last(source)),
      cell("Format", this.#format(source)),
      cell("Keys", this.#keys(source)),
    );
    return row;
  }

  #name(source, isChosen, hasApps) {
    const app = this.config.apps.find((each) => each.slug === source.app)?.name;
    const button = make("button", {
      class: "name",
      type: "button",
      "data-id": source.id,
      "aria-pressed": String(isChosen),
      title: "How to send to it",
      text: source.name,
      onclick: () => this.onChoose(source.id),
    });
    return make("span", { class: "named" }, light(stateOf(source)), make("span", { class: "names" }, button, hasApps ? make("span", { class: "quiet", text: app }) : null));
  }

  #rate(source) {
    if (source.lines === null) return ["–"];
    const total = source.lines.reduce((a, b) => a + b, 0);
    const words = `${grouped(total)} lines in the last hour`;
    return [sparkline(source.lines, words), make("span", { class: "figure", title: words, text: rate(source.lines_per_s) })];
  }

  #lag(source) {
    if (source.lag_ms === null) return make("span", { class: "quiet", text: "–" });
    const ahead = source.lag_ms < 0 ? " The clock of the sender is ahead of ours." : "";
    const stored = source.store_ms === null ? "" : ` Then ${span(source.store_ms)} until it can be found.`;
    const title = `From the time in a line to its arrival, the median of the last 5 min.${stored}${ahead}`;
    return make("span", { class: source.lag_ms > LATE_MS || ahead ? "warned" : "", title, text: span(source.lag_ms) });
  }

  #refused(source) {
    if (!source.not_stored) return make("span", { class: "quiet", text: source.not_stored === null ? "–" : "0" });
    const where = new URLSearchParams({ app: source.app, source: source.slug });
    const title = `${plural(source.not_stored, "line")} could not be read. Newest: ${source.reason}`;
    const text = rounded(source.not_stored);
    return this.config.quarantine
      ? make("a", { class: "warned", href: `${this.config.quarantine}?${where}`, title: `${title}. Review them`, text })
      : make("span", { class: "warned", title, text });
  }

  #last(source) {
    if (!source.last_at) return make("span", { class: "quiet", text: source.lines === null ? "–" : "never" });
    const where = new URLSearchParams({ app: source.app, q: `source:${source.slug}`, range: "24h" });
    return make("a", { href: `${this.config.explorer}?${where}`, title: `${time.hover(source.last_at)}. Show its lines`, text: time.ago(time.parse(source.last_at)) });
  }

  #format(source) {
    const [first, ...others] = source.formats;
    const set = source.format ? `set to ${source.format}` : "detected line by line";
    const more = others.length ? ` +${others.length}` : "";
    return make("span", { class: first ? "" : "quiet", title: `${set}; found in the last day: ${source.formats.join(", ") || "none"}`, text: first ? `${first}${more}` : source.format || "–" });
  }

  #keys(source) {
    if (!source.keys) return make("span", { class: "quiet", title: "You have no right to see keys", text: "–" });
    const { may_send: n, last_used_at: used, expires_at: ends } = source.keys;
    if (!n) return make("span", { class: "warned", title: "Nothing can be sent: issue a key below", text: "none" });
    const title = `${used ? `last used ${time.ago(time.parse(used))}` : "never used"}${ends ? `; the last one ends ${time.dateAndTime(time.parse(ends))}` : ""}`;
    return make("span", { title, text: plural(n, "key") });
  }
}
