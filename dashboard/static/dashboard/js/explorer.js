/* The explorer: the address is the state, the state decides what is asked and shown. */

import { isQueryError } from "./api.js";
import { Columns, toggled } from "./columns.js";
import { controls } from "./controls.js";
import { byId, copy, toast } from "./dom.js";
import { Drawer } from "./drawer.js";
import { Editor, showQueryProblem } from "./editor.js";
import { exportMenu } from "./exports.js";
import { Facets } from "./facets.js";
import { grouped } from "./format.js";
import { header, showNumbers } from "./header.js";
import { Histogram } from "./histogram.js";
import { List } from "./list.js";
import { Live } from "./live.js";
import { Opened } from "./opened.js";
import { Panels } from "./panels.js";
import { highlighterOf, markerOf, withClause, withOnly, withValue } from "./query.js";
import { Search } from "./search.js";
import { Searches } from "./searches.js";
import { Signals } from "./signals.js";
import { fromUrl, pinned, remember, remembered, toUrl } from "./state.js";
import { Tabs } from "./tabs.js";
import * as time from "./time.js";
import { viewMenu } from "./view.js";

const REFRESH_MS = 5000;
const FACETS_REFRESH_MS = 15000;
const FIRST_FACETS_MS = 1500;
const AROUND_MS = 10 * 60e3;
const TRACE_MS = 3600e3;
const ASKED = ["app", "q", "range", "start", "end", "live"];
const LOOKS = ["columns", "wrap", "roomy", "words"];

const config = JSON.parse(byId("config").textContent);
time.setServerNow(config.now_ms);

let state = fromUrl(new URL(location.href), config, remembered("app"));
let searched = null; /* the state the list stands for */
let total = null;

const search = new Search(config);
const signals = new Signals();
const panels = new Panels(byId("state"), byId("list"));
const onValue = (name, value, { isExcluded }) => go({ q: withValue(state.q, name, value, { isExcluded }), tab: "lines" });
const onPattern = (id, { isExcluded }) => go({ q: isExcluded ? withValue(state.q, "pattern_id", String(id), { isExcluded }) : withOnly(state.q, "pattern_id", String(id)), tab: isExcluded ? state.tab : "lines" });
const onZoom = (startMs, endMs) => go({ range: "", start: time.iso(startMs), end: time.iso(endMs), live: false, from: "", to: "" });
const onColumn = (name) => go({ columns: toggled(state.columns, name) });
const histogram = new Histogram(byId("histogram"), {
  onZoom: (startMs, endMs) => (state.tab === "changes" ? go({ from: time.iso(startMs), to: time.iso(endMs) }) : onZoom(startMs, endMs)),
});
const list = new List(byId("list"), byId("rows"), {
  onOpen: (record) => opened.toggle(record.id),
  onNearEnd: loadMore,
  onScroll: (isAtTop) => live.scrolled(isAtTop),
});
const columns = new Columns((names) => go({ columns: names }));
const facets = new Facets({
  onValue: (name, value, { isExcluded }) => go({ q: withValue(facets.isUnread ? "" : state.q, name, value, { isExcluded }) }),
  onClause: (clause) => go({ q: withClause(facets.isUnread ? "" : state.q, clause) }),
  onColumn,
  columns: () => state.columns,
  state: () => state,
});
const drawer = new Drawer(byId("drawer"), byId("panes"), {
  onClose: () => opened.close(),
  onStep: (by) => opened.step(by),
  onPane: (pane) => opened.showPane(pane),
  onOpen: (record) => opened.stepTo(record.id),
  onList: ({ start, end, source }) => go({ q: withValue("", "source", source), range: "", start, end, live: false, tab: "lines" }),
  onTrace: (record) => {
    const ms = time.parse(record.timestamp);
    go({ q: withValue("", "trace_id", record.trace_id), range: "", start: time.iso(ms - TRACE_MS), end: time.iso(ms + TRACE_MS), live: false, tab: "lines" });
  },
  onPattern,
  onValue,
  onClause: (clause) => go({ q: withClause(state.q, clause) }),
  onColumn,
  columns: () => state.columns,
});
const opened = new Opened({ list, drawer, search, state: () => state, go, replace });
const live = new Live(list, {
  onReady: (isAgain) => (isAgain ? fillGap() : runSearch()),
  onRows: () => {
    panels.hide();
    if (!columns.isFitted) showFirst();
    showFoot();
  },
  onRecords: (records) => signals.came(records, highlighterOf(state.words)),
  isCalling: () => signals.areWanted,
  onLost: () => {
    if (searched !== state) runSearch();
  },
  onQueryError: showError,
  onEnd: (error) => {
    replace({ live: false });
    if (error) showProblem({ ...error, status: error.code === "not_authenticated" ? 401 : 403 });
  },
  onWanted: setLive,
});
const tabs = new Tabs({ onPattern, onValue, onZoom });
const searches = new Searches(go, () => state);
const editor = new Editor({ onSearch: (q) => go({ q }), asked: () => search.asked || { app: state.app }, recent: () => searches.recent() });
const showHeader = header(go, () => state);
const showView = viewMenu(go, () => state);
exportMenu({ asked: askedNow, state: () => state, total: () => total });

/** Go on to a changed state: a new entry in the history, and what follows from it. */
function go(patch) {
  const before = state;
  state = { ...state, ...patch };
  const isOpened = Boolean(state.record && !before.record);
  history.pushState({ isOpened }, "", toUrl(state, config.explorer));
  follow(before, { isAsked: ASKED.some((name) => name in patch) });
}

/** Change the state without a new entry in the history and without asking again. */
function replace(patch) {
  state = { ...state, ...patch };
  history.replaceState(history.state, "", toUrl(state, config.explorer));
}

addEventListener("popstate", () => {
  const before = state;
  state = fromUrl(new URL(location.href), config, before.app);
  follow(before, { isAsked: ASKED.some((name) => before[name] !== state[name]) });
});

function follow(before, { isAsked }) {
  const has = (names) => names.some((name) => String(before[name]) !== String(state[name]));
  if (has(LOOKS)) showLook();
  if (isAsked) run();
  else {
    showHeader(state);
    if (has(["tab", "from", "to"])) showTab();
    if (has(["compare"])) showCompare();
  }
  if (has(["record", "pane"])) opened.show();
}

/** Columns, wrapping, heights and highlighted words. */
function showLook() {
  list.viewport.classList.toggle("wraps", state.wrap);
  byId("panes").classList.toggle("roomy", state.roomy);
  columns.show(state.columns);
  columns.fit(list.records);
  list.restyle({ columns: state.columns, isWrapped: state.wrap, highlighter: highlighterOf(state.words) });
  showView(state, facets.fields.map(({ name }) => name));
  facets.repaint();
}

/** Ask for what the state says. */
function run() {
  remember("app", state.app);
  document.cookie = `app=${state.app}; path=/; max-age=31536000; samesite=lax`; /* for the first search of the next visit */
  showHeader(state);
  showQueryProblem(null);
  list.viewport.classList.add("is-stale");
  byId("progress").hidden = false;
  if (state.live) live.start(state.app, state.q);
  else {
    live.stop();
    runSearch();
  }
}

function runSearch() {
  searched = state;
  return search.run(state, {
    began: showTab,
    page: showPage,
    chart: showChart,
    stats: showStats,
    error: showError,
    slow: () => panels.slow(state, cancel),
  });
}

function settled() {
  list.viewport.classList.remove("is-stale");
  byId("progress").hidden = true;
}

function showPage(answer, span) {
  settled();
  panels.hide();
  columns.fit(answer.results);
  byId("panes").classList.toggle("has-dates", time.spansDays(span));
  list.show(answer.results, { hasDates: time.spansDays(span), marker: markerOf(state.q) });
  byId("took").textContent = `${grouped(Math.round(answer.took_ms))} ms`;
  byId("took").title = "How long the server searched";
  if (state.record) list.select(state.record);
  showFoot();
  facets.show(search.asked);
  searches.ran(state);
  if (!answer.results.length) explain();
}

/** The first lines of an empty list came live. */
function showFirst() {
  columns.fit(list.records);
  setTimeout(() => facets.show(askedNow()), FIRST_FACETS_MS);
}

function showChart(answer, span) {
  histogram.show(answer, span);
  showCompare();
}

async function showCompare() {
  const { span } = histogram;
  if (!state.compare || !histogram.data || state.range === "all") {
    histogram.compareWith(null);
    return;
  }
  const answer = await search.before(span).catch(() => null);
  if (span === histogram.span) histogram.compareWith(answer);
}

function showTab() {
  const hasSpan = state.tab === "changes" && state.from;
  histogram.hold(hasSpan ? { startMs: Date.parse(state.from), endMs: Date.parse(state.to) } : null);
  if (search.asked) tabs.show(state, askedNow());
}

/** What is searched, up to now where lines run by live. */
function askedNow() {
  if (!state.live || !search.asked) return search.asked;
  const { startMs, endMs } = time.resolve(state);
  return { ...search.asked, start: time.iso(startMs), end: time.iso(endMs) };
}

async function explain() {
  const asked = state;
  if (state.q) panels.looking(state);
  const found = await search.explain(asked);
  if (asked !== state || list.records.length) return;
  if (!found.isFirstVisit) {
    panels.nothing(state, found, go);
    return;
  }
  panels.first(config.apps.find((app) => app.slug === state.app).name);
  if (!state.live) setLive(true, { isQuiet: true });
}

function showStats(stats) {
  total = stats?.total ?? null;
  showNumbers(stats, state);
  showFoot();
}

function showFoot() {
  const n = list.records.length;
  const of = search.next && total > n && !state.live ? ` of ${grouped(total)}` : "";
  const rest = search.next ? "; scroll for older ones" : "";
  byId("foot").textContent = n ? `${grouped(n)}${of} ${n === 1 ? "line" : "lines"} loaded${rest}` : "\u00a0";
}

function showError(error) {
  settled();
  if (isQueryError(error)) {
    live.stop();
    showQueryProblem(error, state.q);
    if (panels.kind === "slow") panels.hide();
    if (list.records.length) {
      byId("foot").textContent = "These are the lines of the search before.";
      list.viewport.classList.add("is-stale");
      return;
    }
    panels.problem({ message: "Nothing was searched", hint: "Correct the search above." }, [["Show what can be searched for", help]]);
    facets.show({ ...search.asked, q: "" }, { isUnread: true });
    return;
  }
  showProblem(error);
}

function showProblem(error) {
  settled();
  const again = ["Try again", run];
  const signIn = ["Sign in", () => location.assign(`${config.login}?next=${encodeURIComponent(location.pathname + location.search)}`)];
  panels.problem(error, error.status === 401 ? [signIn] : [again]);
  if (!facets.asked) facets.waits();
}

function cancel() {
  search.cancel();
  settled();
  panels.problem({ message: "The search was cancelled.", hint: "Choose a shorter range or add a word, then search again." }, [["Search again", run]]);
}

async function loadMore() {
  if (state.live && live.pausedBy === "") return;
  try {
    const records = await search.more();
    if (!records) return;
    list.append(records);
    showFoot();
  } catch (error) {
    if (error.name === "AbortError") return;
    byId("foot").textContent = `${error.message} ${error.hint || ""}`;
  }
}

/* live */

function setLive(isOn, { isQuiet = false } = {}) {
  const patch = isOn ? { live: true, range: state.range || "15m", start: "", end: "", tab: "lines" } : { live: false };
  if (!isQuiet) {
    go(patch);
    return;
  }
  replace(patch);
  run();
}

/** After the connection was lost: what came meanwhile. */
async function fillGap() {
  const newest = list.records[0];
  if (!newest) {
    await runSearch();
    return;
  }
  try {
    const { records, isAll } = await search.since(state, time.parse(newest.timestamp));
    list.prepend(records, Infinity);
    if (!isAll) toast("More lines came while the connection was lost than fit here; search to see all.");
  } catch (error) {
    if (error.name !== "AbortError") toast(`${error.message} Lines that came meanwhile may be missing here.`);
  }
}

const isWatching = () => state.live && !document.hidden && !live.pausedBy && live.link === "on";

setInterval(() => {
  if (!isWatching() || byId("histogram").matches(":hover, :focus")) return;
  search.refreshNumbers(state, { chart: (answer, span) => answer && showChart(answer, span), stats: (stats) => stats && showStats(stats) });
}, REFRESH_MS);
setInterval(() => {
  if (!isWatching() || byId("facets").matches(":hover, :focus-within")) return;
  facets.show(askedNow());
}, FACETS_REFRESH_MS);

/** A permalink: the line, among what came before it. */
async function showPermalink(id) {
  try {
    const record = await search.record(id);
    const ms = time.parse(record.timestamp);
    const span = { range: "", start: time.iso(ms - AROUND_MS), end: time.iso(ms + 1000), live: false };
    replace({ app: record.app, q: "", record: id, ...span });
    run();
    drawer.show(record, state.pane);
  } catch (error) {
    showHeader(state);
    facets.waits();
    const open = ["Show the newest lines", () => location.assign(config.explorer)];
    panels.problem(error.status === 404 ? { message: "This line is not here.", hint: "It may have been deleted when its time was over, or it belongs to an app that you may not see." } : error, [open]);
  }
}

/* buttons and keys */

function zoomOut() {
  if (state.range === "all") return;
  const { startMs, endMs } = time.resolve(state);
  const half = (endMs - startMs) / 2;
  const later = Math.min(endMs + half, Math.max(time.nowMs(), endMs));
  onZoom(later - 4 * half, later);
}

const help = () => byId("help").showModal();

/** Escape: one step back. */
function back() {
  if (facets.isShown && facets.phone.matches) facets.toggle(false);
  else if (state.record) opened.close();
  else if (list.selected) list.select("");
  else if (live.pausedBy) live.resume();
  else if (state.from) go({ from: "", to: "" });
  else if (state.tab !== "lines") go({ tab: "lines" });
}

controls({
  help,
  zoomOut,
  back,
  step: (by) => opened.step(by),
  open: () => opened.toggleSelected(),
  compare: () => go({ compare: !state.compare }),
  share: () => copy(location.origin + toUrl(pinned(state), config.explorer), "Link to exactly this view"),
  newest: () => list.toTop(),
  live: () => setLive(!state.live),
  pause: () => live.toggle(),
  fields: () => facets.toggle(),
  findField: () => facets.focus(),
  wrap: () => go({ wrap: !state.wrap }),
  pane: (name) => opened.showPane(name, { isToggle: true }),
  tab: (tab) => go({ tab }),
});

showLook();
if (config.record) showPermalink(config.record);
else {
  if (state.record) opened.show();
  run();
}
