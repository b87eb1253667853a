/* What stands in place of the list: kinds of messages, or what changed. Asked only while shown. */

import { byId, make } from "./dom.js";
import { Changes } from "./changes.js";
import { Patterns } from "./patterns.js";

export class Tabs {
  /** Callbacks: onPattern(id, {isExcluded}), onValue(field, value, {isExcluded}), onZoom(startMs, endMs). */
  constructor(callbacks) {
    this.root = byId("view");
    this.list = byId("list");
    this.head = byId("head");
    this.views = { patterns: new Patterns(this.root, callbacks), changes: new Changes(this.root, callbacks) };
    this.abort = null;
    this.shownKey = "";
  }

  /** Show the tab of a state for what is searched; `isAgain` asks even if nothing else changed. */
  async show(state, asked, { isAgain = false } = {}) {
    const view = this.views[state.tab];
    const key = JSON.stringify([state.tab, asked, state.from, state.to]);
    if (!view || key !== this.shownKey || isAgain) this.abort?.abort();
    this.root.hidden = !view;
    document.body.dataset.tab = state.tab;
    if (!view || (key === this.shownKey && !isAgain)) {
      if (!view) this.shownKey = "";
      return;
    }
    this.shownKey = key;
    this.abort = new AbortController();
    if (!isAgain) this.root.replaceChildren(make("p", { class: "intro quiet", role: "status", text: "Counting …" }));
    try {
      await view.show(asked, state, this.abort.signal);
    } catch (error) {
      if (error.name !== "AbortError") this.#problem(state, error);
    }
  }

  #problem(state, error) {
    if (error.status === 404) byId(`tab-${state.tab}`).hidden = true;
    const [title, hint] = error.status === 404 ? ["This cannot be shown here", "The server does not answer this question yet."] : [error.message, error.hint || ""];
    this.root.replaceChildren(make("div", { class: "empty", role: "alert" }, make("h2", { text: title }), make("p", { text: hint })));
  }
}
