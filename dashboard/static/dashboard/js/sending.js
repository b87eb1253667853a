/* "Send your first log": what to paste, a key for it, and the light that turns green. */

import { send } from "./api.js";
import { byId, copy, make, toast } from "./dom.js";
import { problem } from "./frame.js";
import { light, stateOf } from "./source-list.js";
import * as time from "./time.js";

export class Sending {
  /** `config` as of the page; `onHow(name)` is called with the way that was chosen, `onIssued()` after a key. */
  constructor(root, config, { onHow, onIssued }) {
    Object.assign(this, { root, config, onHow, onIssued });
    this.issued = new Map(); /* source id → plaintext, as long as this page is open */
    this.source = null;
    this.seen = new Map(); /* source id → its last line when the page was opened */
    this.tabs = config.snippets.map((snippet) => this.#tab(snippet));
    byId("ways").append(...this.tabs);
    byId("ways").addEventListener("keydown", (event) => this.#step(event));
    byId("copy-snippet").addEventListener("click", () => copy(this.text, "Text"));
    byId("issue-key")?.addEventListener("click", () => this.#issue());
  }

  #tab(snippet) {
    return make("button", {
      role: "tab",
      type: "button",
      id: `way-${snippet.name}`,
      "aria-controls": "snippet-panel",
      class: "tab",
      text: snippet.title,
      onclick: () => this.onHow(snippet.name),
    });
  }

  /** Arrow keys go from way to way. */
  #step(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = this.config.snippets.findIndex((snippet) => snippet.name === this.how);
    const next = this.config.snippets.at((at + step) % this.config.snippets.length);
    this.onHow(next.name);
    byId(`way-${next.name}`).focus();
  }

  /** Shows how to send to `source` in the way `how`. */
  show(source, how) {
    const snippet = this.config.snippets.find((each) => each.name === how) || this.config.snippets[0];
    const isOther = this.source?.id !== source.id;
    Object.assign(this, { source, how: snippet.name });
    if (!this.seen.has(source.id)) this.seen.set(source.id, source.last_at);
    const key = this.issued.get(source.id);
    this.text = snippet.text.replaceAll(this.config.key_place, key || this.config.key_place);
    this.root.hidden = false;
    byId("send-title").textContent = `${source.last_at ? "Send to" : "Send the first line to"} ${source.name}`;
    for (const tab of this.tabs) {
      const isChosen = tab.id === `way-${this.how}`;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
    }
    byId("snippet-panel").setAttribute("aria-labelledby", `way-${this.how}`);
    byId("snippet-where").textContent = snippet.where;
    byId("snippet-host").hidden = !snippet.is_elsewhere;
    if (byId("snippet").textContent !== this.text) byId("snippet").textContent = this.text;
    const settings = byId("source-settings");
    if (settings) settings.href = `${this.config.settings}${source.id}/change/`;
    byId("key-told").hidden = !key;
    byId("key-needed").hidden = Boolean(key);
    if (isOther) byId("key-problem").replaceChildren();
    this.#light(source);
  }

  #light(source) {
    const state = stateOf(source);
    const isFirst = source.last_at && !this.seen.get(source.id);
    const where = new URLSearchParams({ app: source.app, q: `source:${source.slug}`, range: "1h" });
    const words = isFirst ? `The first line arrived ${time.ago(time.parse(source.last_at))}.` : `${state.words[0].toUpperCase()}${state.words.slice(1)}.`;
    const text = state.kind === "waiting" ? "Waiting for the first line. This turns green by itself." : state.kind === "refused" ? `${words} ${source.reason}.` : words;
    const link = source.last_at ? make("a", { href: `${this.config.explorer}?${where}`, text: "Show its lines" }) : null;
    const root = byId("arrival");
    if (root.dataset.text === text) return;
    root.dataset.text = text;
    root.dataset.kind = state.kind;
    root.replaceChildren(light(state), make("span", { text }), ...(link ? [link] : []));
  }

  async #issue() {
    const source = this.source;
    const button = byId("issue-key");
    button.disabled = true;
    try {
      const fields = { source: source.id, name: `${this.#title()} (made on the page of sources)`.slice(0, 100), scopes: ["ingest"] };
      const answer = await send("POST", "keys", fields);
      this.issued.set(source.id, answer.key);
      toast("The key stands in the text now; it is not shown again later.");
      this.onIssued();
    } catch (error) {
      byId("key-problem").replaceChildren(problem(error, this.config.login));
    } finally {
      button.disabled = false;
    }
  }

  #title() {
    return this.config.snippets.find((snippet) => snippet.name === this.how).title;
  }
}
