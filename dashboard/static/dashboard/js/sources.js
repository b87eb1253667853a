/* The page of sources: asks how they do every few seconds; the address says which one is chosen. */

import { get, send } from "./api.js";
import { byId, make } from "./dom.js";
import { plural, rounded } from "./format.js";
import { frame, problem } from "./frame.js";
import { Sending } from "./sending.js";
import { SourceList } from "./source-list.js";
import { remember, remembered } from "./state.js";
import * as time from "./time.js";

const EVERY_MS = 5000;
const WAITING_MS = 1500;

const config = JSON.parse(byId("config").textContent);
time.setServerNow(config.now_ms);

const slugs = config.apps.map((app) => app.slug);
let state = fromUrl();
let answer = null;
let timer = 0;

const list = new SourceList(byId("sources"), config, (id) => go({ source: id }, true));
const sending = new Sending(byId("send"), config, { onHow: (how) => go({ how }), onIssued: load });

function fromUrl() {
  const p = new URL(location.href).searchParams;
  const app = p.has("app") ? p.get("app") : remembered("app");
  return { app: slugs.length === 1 ? slugs[0] : slugs.includes(app) ? app : "", source: Number(p.get("source")) || 0, how: p.get("how") || "curl" };
}

function go(patch, isFar = false) {
  state = { ...state, ...patch };
  const p = new URLSearchParams({ app: state.app });
  if (state.source) p.set("source", state.source);
  if (state.how !== "curl") p.set("how", state.how);
  history.pushState(null, "", `${location.pathname}?${p}`);
  show();
  if (isFar) byId("send").scrollIntoView({ block: "nearest" });
}

async function load() {
  clearTimeout(timer);
  try {
    const asked = state.app;
    const found = await get("sources/activity", { app: asked });
    if (asked !== state.app) return;
    answer = found;
    byId("trouble").replaceChildren();
    show();
  } catch (error) {
    byId("trouble").replaceChildren(problem(error, config.login));
  }
  const isWaiting = chosen() && !chosen().last_at;
  if (!document.hidden) timer = setTimeout(load, isWaiting ? WAITING_MS : EVERY_MS);
}

/** The source that was chosen, else the first that has sent nothing, else the first. */
function chosen() {
  const sources = answer?.sources || [];
  return sources.find((source) => source.id === state.source) || sources.find((source) => source.lines && !source.last_at) || sources[0];
}

function show() {
  byId("app").value = state.app;
  if (!answer) return;
  const source = chosen();
  list.show(answer.sources, source?.id, !state.app && slugs.length > 1);
  byId("table").hidden = !answer.sources.length;
  byId("none").hidden = answer.sources.length > 0;
  byId("summary").replaceChildren(...summary());
  if (source) sending.show(source, state.how);
  else byId("send").hidden = true;
}

function summary() {
  const perS = answer.sources.reduce((sum, source) => sum + (source.lines_per_s || 0), 0);
  const known = answer.sources.some((source) => source.lines !== null);
  const words = [known ? `${perS && perS < 10 ? perS.toFixed(1) : rounded(perS)} lines a second over the last 5 min` : "The log engine cannot be reached"];
  const { queue } = answer;
  if (!queue) words.push("the queue cannot be reached");
  else if (queue.entries) words.push(`${plural(queue.entries, "request")} ${queue.entries === 1 ? "waits" : "wait"} to be stored, the oldest for ${Math.round(queue.oldest_age_s || 0)} s`);
  else words.push("nothing waits to be stored");
  return [make("span", { text: words.join(" · ") })];
}

byId("app").addEventListener("change", () => {
  answer = null;
  remember("app", byId("app").value || slugs[0]);
  go({ app: byId("app").value, source: 0 });
  load();
});
addEventListener("popstate", () => {
  const before = state.app;
  state = fromUrl();
  show();
  if (before !== state.app) load();
});
document.addEventListener("visibilitychange", () => !document.hidden && load());

byId("add-source")?.addEventListener("click", () => byId("add-dialog").showModal());
byId("add-cancel")?.addEventListener("click", () => byId("add-dialog").close());
byId("add-form")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const made = await send("POST", "sources", { app: byId("add-app").value, name: byId("add-name").value });
    byId("add-dialog").close();
    byId("add-name").value = "";
    byId("add-problem").replaceChildren();
    go({ app: state.app && made.app, source: made.id });
    load();
  } catch (error) {
    const fields = Object.values(error.data.fields || error.data || {}).flat().join(" ");
    byId("add-problem").replaceChildren(problem({ ...error, message: error.message, hint: fields || error.hint }, config.login));
  }
});

/** j and k go from source to source. */
function step(by) {
  const buttons = [...byId("sources").querySelectorAll("button.name")];
  const at = buttons.findIndex((button) => button.getAttribute("aria-pressed") === "true");
  const next = buttons[Math.min(Math.max(at + by, 0), buttons.length - 1)];
  next?.click();
  if (next) byId("sources").querySelector(`button[data-id="${next.dataset.id}"]`).focus();
}

frame({ j: () => step(1), k: () => step(-1), c: () => byId("copy-snippet").click(), a: () => byId("add-source")?.click() });
load();
