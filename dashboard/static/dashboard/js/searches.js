/* The menu of searches: saved ones, with the app or alone, and what was searched recently. */

import { get, send } from "./api.js";
import { anchorMenu, byId, make, toast } from "./dom.js";
import { listed } from "./query.js";
import { USUAL_COLUMNS } from "./state.js";
import { ago, isPreset, parse, words } from "./time.js";
import { unescaped } from "./tokens.js";

const RECENT = 15;
const SURE = "Really delete?";
const SURE_MS = 3000;

export class Searches {
  /** `go(patch)` gets what was opened; `state()` is what is saved. */
  constructor(go, state) {
    Object.assign(this, { go, state });
    this.menu = byId("searches-menu");
    this.saved = byId("saved-searches");
    this.recentBox = byId("recent-searches");
    this.name = byId("save-name");
    this.shared = byId("save-shared");
    this.local = [];
    this.lastRun = "";
    this.doubted = null; /* id of the search whose deletion was asked for once */
    anchorMenu(this.menu, byId("searches-button"));
    this.menu.addEventListener("toggle", (event) => event.newState === "open" && this.#fill());
    byId("save-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
  }

  /** A search was run: remembered with the account, and once however often it is repeated. */
  ran({ app, q, range }) {
    const key = `${app} ${q}`;
    if (!q || key === this.lastRun) return;
    this.lastRun = key;
    this.local = [q, ...this.local.filter((one) => one !== q)];
    send("POST", "searches/history", { app, q, range }).catch(() => null);
  }

  /** Queries of this app, newest first. */
  async recent() {
    const rows = await this.#history();
    return [...new Set([...this.local, ...rows.map(({ q }) => q)])].filter(Boolean);
  }

  async #history() {
    try {
      const answer = await get("searches/history", { app: this.state().app });
      return rowsOf(answer).filter(({ app }) => !app || app === this.state().app);
    } catch {
      return [];
    }
  }

  async #fill() {
    const [saved, history] = await Promise.all([get("searches", { app: this.state().app }).then(rowsOf).catch((error) => error), this.#history()]);
    const isThere = Array.isArray(saved);
    byId("save-form").hidden = !isThere;
    const own = isThere ? saved.filter(({ app }) => !app || app === this.state().app) : [];
    this.saved.replaceChildren(...own.map((search) => this.#savedItem(search)));
    if (!own.length) this.saved.append(make("li", { class: "label", text: isThere ? "None yet. Give the search above a name to keep it." : saved.status === 404 ? "Searches cannot be saved here." : saved.message }));
    const seen = new Set();
    const recent = [...this.local.map((q) => ({ q })), ...history].filter(({ q }) => q && !seen.has(q) && seen.add(q)).slice(0, RECENT);
    this.recentBox.replaceChildren(...recent.map((one) => this.#recentItem(one)));
    if (!recent.length) this.recentBox.append(make("li", { class: "label", text: "What you search for will be listed here." }));
  }

  #open(patch) {
    this.menu.hidePopover();
    this.go({ record: "", live: false, ...patch });
  }

  #savedItem(search) {
    const { name, q, is_shared: isShared, is_mine: isMine, owner } = search;
    const by = isShared ? (isMine ? "shared" : `shared by ${owner}`) : "only you";
    const open = make("button", { class: "item", type: "button", title: q || "all lines", onclick: () => this.#open(patchOf(search)) }, make("span", { class: "text", text: name }), make("span", { class: "quiet", text: by }));
    if (!isMine) return make("li", {}, open);
    const change = (work) => work.then(() => this.#fill()).catch((error) => toast(`${error.message} ${error.hint || ""}`));
    const share = make("button", { class: "act", type: "button", title: isShared ? "Keep it for yourself" : "Show it to everyone who may see this app", "aria-label": `${isShared ? "Unshare" : "Share"}: ${name}`, text: isShared ? "Unshare" : "Share", onclick: () => change(send("PATCH", `searches/${search.id}`, { is_shared: !isShared })) });
    const remove = make("button", { class: "act", type: "button", title: "Delete this saved search", "aria-label": `Delete: ${name}`, text: this.doubted === search.id ? SURE : "Delete" });
    remove.addEventListener("click", () => {
      if (this.doubted === search.id) {
        change(send("DELETE", `searches/${search.id}`));
        return;
      }
      this.doubted = search.id; /* the list may be filled again before the second click */
      remove.textContent = SURE;
      setTimeout(() => {
        this.doubted = null;
        remove.textContent = "Delete";
      }, SURE_MS);
    });
    return make("li", {}, open, share, remove);
  }

  #recentItem({ q, ran_at: ranAt }) {
    const when = ranAt ? ago(parse(ranAt)) : "now";
    return make("li", {}, make("button", { class: "item", type: "button", title: q, onclick: () => this.#open({ q }) }, make("span", { class: "text mono", text: q }), make("span", { class: "quiet", text: when })));
  }

  async #save() {
    const { app, q, range, start, end, columns } = this.state();
    const name = this.name.value.trim();
    const content = { app, name, q, range, start, end, columns: listed(columns), is_shared: this.shared.checked };
    try {
      await send("POST", "searches", content);
      this.name.value = "";
      toast(`“${name}” is saved for ${words(this.state())}`);
      await this.#fill();
    } catch (error) {
      toast(`${error.message} ${error.hint || ""}`);
    }
  }
}

const rowsOf = (answer) => (Array.isArray(answer) ? answer : answer.results || answer.searches || answer.history || []);

function patchOf({ q, range, start, end, columns }) {
  const span = isPreset(range) ? { range, start: "", end: "" } : start && end ? { range: "", start, end } : {};
  return { q, ...span, columns: columns?.length ? columns.map(unescaped) : USUAL_COLUMNS };
}
