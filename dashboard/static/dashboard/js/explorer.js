/* The explorer: the address is the state, the state decides what is asked and shown. */

import { isQueryError } from "./api.js";
import { byId, toast } from "./dom.js";
import { Drawer } from "./drawer.js";
import { grouped } from "./format.js";
import { header, showNumbers, showQueryProblem } from "./header.js";
import { Histogram } from "./histogram.js";
import { listen } from "./keys.js";
import { List } from "./list.js";
import { Live } from "./live.js";
import { Panels } from "./panels.js";
import { clause, markerOf, withClause } from "./query.js";
import { Search } from "./search.js";
import { fromUrl, remember, remembered, toUrl } from "./state.js";
import * as time from "./time.js";

const REFRESH_MS = 5000;
const AROUND_MS = 10 * 60e3;

const config = JSON.parse(byId("config").textContent);
time.setServerNow(config.now_ms);

let state = fromUrl(new URL(location.href), config, remembered("app"));
let searched = null; /* the state the list stands for */
let total = null;

const search = new Search();
const panels = new Panels(byId("state"), byId("list"));
const histogram = new Histogram(byId("histogram"), {
  onZoom: (startMs, endMs) => go({ range: "", start: time.iso(startMs), end: time.iso(endMs), live: false }),
});
const list = new List(byId("list"), byId("rows"), {
  onOpen: (record) => openRecord(record.id),
  onNearEnd: loadMore,
  onScroll: (isAtTop) => live.scrolled(isAtTop),
});
const drawer = new Drawer(byId("drawer"), byId("panes"), {
  onClose: closeRecord,
  onStep: step,
  onValue: (name, value, { isAttribute, isExcluded }) => {
    const added = clause(name, value, { isAttribute });
    go({ q: withClause(state.q, isExcluded ? `-${added}` : added) });
  },
});
const live = new Live(list, {
  onReady: (isAgain) => (isAgain ? fillGap() : runSearch()),
  onRows: () => {
    panels.hide();
    showFoot();
  },
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
const showHeader = header(go, () => state);

/** Go on to a changed state: a new entry in the history, and what follows from it. */
function go(patch) {
  const before = state;
  state = { ...state, ...patch };
  const isOpened = Boolean(state.record && !before.record);
  history.pushState({ isOpened }, "", toUrl(state, config.explorer));
  follow(before, { isAsked: !("record" in patch && Object.keys(patch).length === 1) });
}

/** Change the state without a new entry in the history and without asking again. */
function replace(patch) {
  state = { ...state, ...patch };
  history.replaceState(history.state, "", toUrl(state, config.explorer));
}

addEventListener("popstate", () => {
  const before = state;
  state = fromUrl(new URL(location.href), config, before.app);
  follow(before, { isAsked: ["app", "q", "range", "start", "end", "live"].some((name) => before[name] !== state[name]) });
});

function follow(before, { isAsked }) {
  if (isAsked) run();
  if (before.record !== state.record) showRecord();
}

/** Ask for what the state says. */
function run() {
  remember("app", state.app);
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
    page: showPage,
    chart: (answer, span) => histogram.show(answer, span),
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
  list.show(answer.results, { hasDates: time.spansDays(span), marker: markerOf(state.q) });
  byId("took").textContent = `${grouped(Math.round(answer.took_ms))} ms`;
  byId("took").title = "How long the server searched";
  if (state.record) list.select(state.record);
  showFoot();
  if (!answer.results.length) explain();
}

async function explain() {
  const asked = state;
  const reasons = await search.explain(asked);
  if (asked !== state || list.records.length) return;
  if (!reasons.isFirstVisit) {
    panels.nothing(state, reasons, go);
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
    } else panels.problem({ message: "Nothing was searched", hint: "Correct the search above." }, [["Show what can be searched for", help]]);
    return;
  }
  showProblem(error);
}

function showProblem(error) {
  settled();
  const again = ["Try again", run];
  const signIn = ["Sign in", () => location.assign(`${config.login}?next=${encodeURIComponent(location.pathname + location.search)}`)];
  panels.problem(error, error.status === 401 ? [signIn] : [again]);
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
  const patch = isOn ? { live: true, range: state.range || "15m", start: "", end: "" } : { live: false };
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

setInterval(() => {
  const isBusy = byId("histogram").matches(":hover, :focus");
  if (!state.live || document.hidden || live.pausedBy || live.link !== "on" || isBusy) return;
  search.refreshNumbers(state, { chart: (answer, span) => answer && histogram.show(answer, span), stats: (stats) => stats && showStats(stats) });
}, REFRESH_MS);

/* one line */

function openRecord(id) {
  if (state.record === id) closeRecord();
  else if (state.record) stepTo(id);
  else go({ record: id });
}

function stepTo(id) {
  replace({ record: id });
  showRecord();
}

function closeRecord() {
  if (history.state?.isOpened) history.back();
  else stepTo("");
  list.viewport.focus({ preventScroll: true });
}

function step(by) {
  const record = list.neighbour(by);
  if (!record) return;
  if (state.record) stepTo(record.id);
  else list.select(record.id);
}

async function showRecord() {
  const id = state.record;
  if (!id) {
    drawer.close();
    return;
  }
  list.select(id);
  const index = list.indexOf(id);
  if (index >= 0) {
    drawer.show(list.records[index]);
    return;
  }
  drawer.say("Fetching the line …");
  try {
    const record = await search.record(id);
    if (state.record === id) drawer.show(record);
  } catch (error) {
    if (state.record === id) drawer.say(`${error.message} ${error.hint || ""}`);
  }
}

/** A permalink: the line, among what came before it. */
async function showPermalink(id) {
  try {
    const record = await search.record(id);
    const ms = time.parse(record.timestamp);
    const span = { range: "", start: time.iso(ms - AROUND_MS), end: time.iso(ms + 1000), live: false };
    replace({ app: record.app, q: "", record: id, ...span });
    run();
    drawer.show(record);
  } catch (error) {
    showHeader(state);
    const open = ["Show the newest lines", () => location.assign(config.explorer)];
    panels.problem(error.status === 404 ? { message: "This line is not here.", hint: "It may have been deleted when its time was over, or it belongs to an app that you may not see." } : error, [open]);
  }
}

const help = () => byId("help").showModal();
byId("help-button").addEventListener("click", () => {
  byId("account-menu").hidePopover();
  help();
});
const toggleSelected = () => {
  const id = state.record || list.selected || list.neighbour(0)?.id;
  if (id) openRecord(id);
};
const back = () => {
  if (state.record) closeRecord();
  else if (list.selected) list.select("");
  else if (live.pausedBy) live.resume();
};
listen({
  "/": () => byId("q").focus(),
  j: () => step(1),
  k: () => step(-1),
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  Enter: toggleSelected,
  e: toggleSelected,
  Escape: back,
  g: () => list.toTop(),
  t: () => byId("range-menu").showPopover(),
  l: () => setLive(!state.live),
  p: () => live.toggle(),
  "?": help,
});

if (config.record) showPermalink(config.record);
else {
  if (state.record) showRecord();
  run();
}
