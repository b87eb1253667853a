/* The page of dashboards: the address says which one over which range; changes are kept at once. */

import { get } from "./api.js";
import { below, placed, tightened } from "./board-layout.js";
import { BoardGrid } from "./board-grid.js";
import { BoardStore } from "./board-store.js";
import { byId, make, menuAt, toast } from "./dom.js";
import { frame, problem } from "./frame.js";
import { titleOf } from "./panel.js";
import { PanelForm } from "./panel-form.js";
import { rangeMenu } from "./range.js";
import { remember, remembered } from "./state.js";
import * as time from "./time.js";

const config = JSON.parse(byId("config").textContent);
time.setServerNow(config.now_ms);

const NEW_PANEL = { title: "", kind: "time", q: "", group_by: [], metrics: ["count"], interval: "auto", order: "", limit: 10 };
const slugs = config.apps.map((app) => app.slug);
const store = new BoardStore(config);

let state = fromUrl();
let timer = 0;

const grid = new BoardGrid(byId("board"), config.explorer, {
  onArranged: (panels) => keep({ panels }),
  onZoom: (startMs, endMs) => go({ range: "", start: time.iso(startMs), end: time.iso(endMs) }),
  onMenu: panelMenu,
  onSaid: (sentence) => (byId("said").textContent = sentence),
});
const form = new PanelForm({ asked: () => ({ app: state.app, ...isoSpan() }), onDone: keepPanel });
const showRange = rangeMenu((patch) => go(patch));

function fromUrl() {
  const p = new URL(location.href).searchParams;
  const app = [p.get("app"), remembered("app"), slugs[0]].find((slug) => slugs.includes(slug));
  const hasSpan = !Number.isNaN(Date.parse(p.get("start"))) && !Number.isNaN(Date.parse(p.get("end")));
  const id = Number(location.pathname.match(/\/dashboards\/(\d+)/)?.[1]) || null;
  return {
    id,
    app,
    range: hasSpan ? "" : time.isPreset(p.get("range")) ? p.get("range") : null,
    start: hasSpan ? p.get("start") : "",
    end: hasSpan ? p.get("end") : "",
    refresh: p.has("refresh") ? Number(p.get("refresh")) || 0 : null,
    edit: p.get("edit") === "1",
  };
}

function toUrl() {
  const p = new URLSearchParams({ app: state.app });
  if (state.range) p.set("range", state.range);
  else if (state.range === "") {
    p.set("start", state.start);
    p.set("end", state.end);
  }
  if (state.refresh !== null) p.set("refresh", state.refresh);
  if (state.edit) p.set("edit", "1");
  return `${config.dashboards}${state.id ? `/${state.id}` : ""}?${p}`;
}

function go(patch) {
  const before = state;
  state = { ...state, ...patch };
  history.pushState(null, "", toUrl());
  follow(before);
}

addEventListener("popstate", () => {
  const before = state;
  state = fromUrl();
  follow(before);
});

function follow(before) {
  if (before.app !== state.app || before.id !== state.id) openBoard();
  else if (["range", "start", "end"].some((name) => before[name] !== state[name])) load();
  showHead();
}

/** The range of the address, else that of the dashboard. */
function rangeNow() {
  const { range, start, end } = state;
  return { app: state.app, range: range ?? (time.isPreset(store.board?.range) ? store.board.range : "1h"), start, end };
}

const isoSpan = () => {
  const { startMs, endMs } = time.resolve(rangeNow());
  return { start: time.iso(startMs), end: time.iso(endMs) };
};

/** "Any time" is from the first line to the last: charts have to end somewhere. */
async function spanNow() {
  const span = time.resolve(rangeNow());
  if (span.startMs > 0) return span;
  const stats = await get("logs/stats", { app: state.app, start: time.EPOCH_ISO, end: time.iso(span.endMs) });
  return stats.first ? { startMs: time.parse(stats.first), endMs: time.parse(stats.last) + 1000 } : time.resolve({ range: "1h" });
}

async function openBoard() {
  grid.clear();
  remember("app", state.app);
  byId("board-state").replaceChildren();
  try {
    await store.open(state.app, state.id);
  } catch (error) {
    store.board = null;
    showHead();
    byId("board-state").replaceChildren(problem(error, config.login));
    return;
  }
  if (store.board.app && store.board.app !== state.app) {
    state = { ...state, app: store.board.app };
    history.replaceState(null, "", toUrl());
    await store.list(state.app);
  }
  showHead();
  grid.show(store.board.panels);
  showEmpty();
  load();
}

async function load() {
  clearTimeout(timer);
  if (!store.board) return;
  const asked = { state: rangeNow() };
  showRange(asked.state);
  try {
    asked.span = await spanNow();
    await grid.load(asked);
    byId("board-state").querySelector(".problem")?.remove();
  } catch (error) {
    byId("board-state").replaceChildren(problem(error, config.login));
  }
  again();
}

const refreshNow = () => state.refresh ?? store.board?.refresh_s ?? 0;

function again() {
  clearTimeout(timer);
  const seconds = refreshNow();
  if (seconds && rangeNow().range && !document.hidden) timer = setTimeout(load, seconds * 1000);
}
document.addEventListener("visibilitychange", () => !document.hidden && refreshNow() && load());

function showHead() {
  const { board } = store;
  byId("app").value = state.app;
  byId("board-pick").replaceChildren(...store.options());
  byId("board-pick").value = state.id ? String(state.id) : "";
  const seconds = refreshNow();
  const refresh = byId("refresh");
  if (![...refresh.options].some((option) => Number(option.value) === seconds)) refresh.append(make("option", { value: seconds, text: `every ${time.duration(seconds)}` }));
  refresh.value = String(seconds);
  showRange(rangeNow());
  const mayChange = Boolean(board) && store.mayChange();
  const isEditing = state.edit && mayChange;
  document.title = `${board?.name || "Dashboards"} · Logplatform`;
  byId("board-name").textContent = board?.name || "Dashboards";
  byId("board-about").textContent = board ? store.about() : "";
  byId("board").classList.toggle("is-editing", isEditing);
  byId("edit").hidden = !mayChange;
  byId("edit").setAttribute("aria-pressed", String(isEditing));
  byId("edit").textContent = isEditing ? "Done" : "Arrange";
  byId("add-panel").hidden = !mayChange;
  byId("copy-board").hidden = !board;
  byId("board-settings").hidden = !mayChange;
}

function showEmpty() {
  byId("empty").hidden = !store.board || store.board.panels.length > 0;
}

/** Keeps a change; what the server refuses is taken back and told. Returns whether it was kept. */
async function keep(patch) {
  const before = store.board;
  store.board = { ...before, ...patch };
  try {
    await store.keep(patch);
    toast("Kept");
    return true;
  } catch (error) {
    store.board = before;
    grid.show(before.panels);
    if (form.dialog.open) form.say(error);
    else byId("board-state").replaceChildren(problem(error, config.login));
    return false;
  } finally {
    showEmpty();
  }
}

async function keepPanel(panel) {
  const { panels } = store.board;
  const id = panel.id || `p${Date.now().toString(36)}`;
  const whole = { ...panel, id };
  const next = panel.id ? placed(panels.map((one) => (one.id === id ? whole : one)), id, whole) : [...panels, { ...whole, ...below(panels, panel.w, panel.h) }];
  grid.show(next);
  if (!(await keep({ panels: next }))) return;
  form.close();
  const asked = { state: rangeNow(), span: await spanNow() };
  await grid.loadOne(id, asked);
  document.querySelector(`[data-id="${id}"]`)?.scrollIntoView({ block: "nearest" });
}

function panelMenu(panel, button) {
  const { panels } = store.board;
  const without = () => {
    const next = tightened(panels.filter((one) => one.id !== panel.id));
    grid.show(next);
    keep({ panels: next });
  };
  menuAt(byId("panel-menu"), button, [
    ["Change", () => form.open(panel)],
    ["Make a copy", () => keepPanel({ ...panel, id: "", title: `${titleOf(panel)} (copy)`.slice(0, 100) })],
    ["Take it away", without],
  ]);
}

async function makeBoard(fields) {
  try {
    const made = await store.add({ app: state.app, ...fields });
    byId("new-dialog").close();
    go({ id: made.id, edit: true });
  } catch (error) {
    byId("new-problem").replaceChildren(problem(error, config.login));
  }
}

function openNew(panels) {
  byId("new-dialog").showModal();
  byId("new-problem").replaceChildren();
  byId("new-name").value = panels.length ? `${store.board.name} of mine`.slice(0, 100) : "";
  byId("new-name").select();
  byId("new-form").onsubmit = (event) => {
    event.preventDefault();
    const { range, refresh_s } = store.board || { range: "1h", refresh_s: 60 };
    makeBoard({ name: byId("new-name").value, panels, range, refresh_s });
  };
}

function openSettings() {
  const { board } = store;
  byId("set-name").value = board.name;
  byId("set-shared").checked = board.is_shared;
  byId("set-range").value = board.range;
  byId("set-refresh").value = String(board.refresh_s);
  byId("set-dialog").showModal();
}

byId("set-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const patch = { name: byId("set-name").value, is_shared: byId("set-shared").checked, range: byId("set-range").value, refresh_s: Number(byId("set-refresh").value) };
  byId("set-dialog").close();
  await keep(patch);
  await store.list(state.app);
  showHead();
  load();
});
byId("set-delete").addEventListener("click", async () => {
  const button = byId("set-delete");
  if (!button.dataset.isSure) {
    button.dataset.isSure = "1";
    button.textContent = "Really delete it";
    return;
  }
  await store.remove();
  byId("set-dialog").close();
  go({ id: null, edit: false });
});
byId("set-dialog").addEventListener("close", () => {
  delete byId("set-delete").dataset.isSure;
  byId("set-delete").textContent = "Delete";
});
for (const button of document.querySelectorAll("dialog [data-act=close]")) button.addEventListener("click", () => button.closest("dialog").close());

byId("app").addEventListener("change", () => go({ app: byId("app").value, id: null, edit: false }));
byId("board-pick").addEventListener("change", () => {
  const chosen = byId("board-pick").value;
  if (chosen === "new") {
    byId("board-pick").value = state.id ? String(state.id) : "";
    openNew([]);
  } else go({ id: Number(chosen) || null, edit: false, range: state.range });
});
byId("refresh").addEventListener("change", () => {
  go({ refresh: Number(byId("refresh").value) });
  again();
});

const toggleEdit = () => !byId("edit").hidden && go({ edit: !state.edit });
const addPanel = () => !byId("add-panel").hidden && form.open(NEW_PANEL);
byId("edit").addEventListener("click", toggleEdit);
byId("add-panel").addEventListener("click", addPanel);
byId("empty-add").addEventListener("click", addPanel);
byId("copy-board").addEventListener("click", () => openNew(store.board.panels));
byId("board-settings").addEventListener("click", openSettings);

function toggleFull() {
  const isFull = document.body.classList.toggle("is-full");
  byId("full").setAttribute("aria-pressed", String(isFull));
  if (isFull) document.documentElement.requestFullscreen?.().catch(() => {});
  else if (document.fullscreenElement) document.exitFullscreen();
}
document.addEventListener("fullscreenchange", () => !document.fullscreenElement && document.body.classList.contains("is-full") && toggleFull());
byId("full").addEventListener("click", toggleFull);

function back() {
  if (document.body.classList.contains("is-full")) toggleFull();
  else if (state.edit) toggleEdit();
}

frame({ e: toggleEdit, a: addPanel, n: () => openNew([]), f: toggleFull, r: load, t: () => byId("range-button").click(), Escape: back });
openBoard();
