/* The dashboards of an app: what there is, the open one, and keeping what changes. */

import { get, send } from "./api.js";
import { make } from "./dom.js";
import * as time from "./time.js";

const PLACES = ["id", "title", "kind", "q", "group_by", "metrics", "interval", "order", "limit", "x", "y", "w", "h"];

/** A panel with nothing the server would refuse. */
const asSent = (panel) => Object.fromEntries(PLACES.filter((name) => name in panel).map((name) => [name, panel[name]]));

export class BoardStore {
  constructor(config) {
    this.config = config;
    this.board = null;
    this.boards = [];
    this.turn = Promise.resolve();
  }

  /** Loads the dashboard `id`, or the overview every app has, and the names of all. */
  async open(app, id) {
    const listed = this.list(app);
    if (id) this.board = await get(`dashboards/${id}`, {});
    else [this.board] = (await get("dashboards/defaults", { app })).results;
    await listed;
  }

  async list(app) {
    this.boards = (await get("dashboards", { app, page_size: 200 })).results;
  }

  /** Entries of the menu of dashboards. */
  options() {
    const option = (board) => make("option", { value: board.id, text: board.name });
    const group = (label, boards) => (boards.length ? make("optgroup", { label }, ...boards.map(option)) : null);
    const own = this.boards.filter((board) => board.is_mine);
    const shared = this.boards.filter((board) => !board.is_mine);
    return [make("option", { value: "", text: "Overview" }), group("Yours", own), group("Shared", shared), make("option", { value: "new", text: "New dashboard …" })].filter(Boolean);
  }

  mayChange() {
    return Boolean(this.board.id) && (this.board.is_mine || this.config.may_change);
  }

  /** Whose it is and who sees it. */
  about() {
    if (!this.board.id) return "Made from what the app sends; make a copy to change it.";
    const whose = this.board.is_mine ? "" : `By ${this.board.owner || "nobody who is still here"}. `;
    const who = this.board.is_shared ? "Every member of the app sees it." : "Only you see it.";
    return `${whose}${who} Changed ${time.ago(time.parse(this.board.updated_at))}.`;
  }

  async add(fields) {
    return send("POST", "dashboards", { ...fields, panels: fields.panels.map(asSent) });
  }

  /** Sends a change after those before it. */
  keep(patch) {
    const { id } = this.board;
    const body = patch.panels ? { ...patch, panels: patch.panels.map(asSent) } : patch;
    const sent = this.turn.then(() => send("PATCH", `dashboards/${id}`, body));
    this.turn = sent.catch(() => {});
    return sent.then((answer) => {
      if (this.board.id === id) this.board = { ...this.board, updated_at: answer.updated_at };
    });
  }

  remove() {
    return send("DELETE", `dashboards/${this.board.id}`);
  }
}
