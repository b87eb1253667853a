/* What stands where the list would be when there is no list: designed, not left over. */

import { copy, fromTemplate, make } from "./dom.js";
import { plural } from "./format.js";
import * as time from "./time.js";
import { markedQuery, reasonItem } from "./why.js";

const action = (text, onclick, isFirst = false) =>
  make("button", { class: isFirst ? "button first" : "button", type: "button", onclick, text });

export class Panels {
  constructor(root, list) {
    Object.assign(this, { root, list });
    this.kind = "";
  }

  hide() {
    this.kind = "";
    this.root.hidden = true;
    this.list.hidden = false;
  }

  #show(kind, content) {
    this.kind = kind;
    this.root.replaceChildren(content);
    this.root.hidden = false;
    this.list.hidden = true;
  }

  /** Nothing has ever arrived: the command that sends the first line. */
  first(appName) {
    const [panel, slots] = fromTemplate("state-first");
    const command = [
      `curl -X POST ${location.origin}/api/v1/ingest \\`,
      `  -H "Authorization: Bearer $KEY" \\`,
      `  -H "Content-Type: application/json" \\`,
      `  -d '{"level": "info", "service": "hello", "message": "My first line"}'`,
    ].join("\n");
    slots.app.textContent = appName;
    slots.snippet.textContent = command;
    panel.querySelector("[data-act=copy]").addEventListener("click", () => copy(command, "Command"));
    this.#show("first", panel);
  }

  /** Nothing found, and the reason is still looked for. */
  looking(state) {
    const [panel, slots] = fromTemplate("state-nothing");
    slots.range.textContent = time.inWords(state);
    slots.reasons.append(make("li", { class: "quiet", text: "Looking for the reason …" }));
    this.#show("nothing", panel);
  }

  /**
   * Nothing found. `elsewhere` are the stats of the query at any time, `without` those of the range
   * without the query, `reasons` the server's; each may be null. The actions get the state to go to.
   */
  nothing(state, { elsewhere, without, reasons }, go) {
    const [panel, slots] = fromTemplate("state-nothing");
    slots.range.textContent = time.inWords(state);
    const tell = (text) => slots.reasons.append(make("li", { text }));
    if (reasons && state.q) slots.reasons.before(markedQuery(state.q, reasons.filter(({ kind }) => kind !== "time" && kind !== "app")));
    for (const reason of reasons || []) if (reason.kind !== "time") slots.reasons.append(reasonItem(reason, state.q, go));
    if (state.q && without?.total) {
      tell(`Without the search there are ${plural(without.total, "line")} in this range.`);
      slots.actions.append(action("Clear the search", () => go({ q: "" })));
    }
    if (elsewhere?.total) {
      const [first, last] = [time.parse(elsewhere.first), time.parse(elsewhere.last)];
      tell(`${plural(elsewhere.total, "line")} outside of this range, from ${time.dateAndTime(first)} to ${time.dateAndTime(last)}.`);
      const span = { range: "", start: time.iso(first), end: time.iso(last + 1000), live: false };
      slots.actions.prepend(action("Show them", () => go(span), true));
    } else if (elsewhere) tell("At other times there is no such line either.");
    this.#show("nothing", panel);
  }

  /** `actions` are [text, function] pairs; the first is the suggested one. */
  problem(error, actions) {
    const [panel, slots] = fromTemplate("state-error");
    slots.title.textContent = error.message;
    slots.hint.textContent = error.hint || "";
    if (error.requestId) slots.request.textContent = `Request ${error.requestId}`;
    for (const [i, [text, onclick]] of actions.entries()) slots.actions.append(action(text, onclick, i === 0));
    panel.setAttribute("role", "alert");
    this.#show("problem", panel);
  }

  /** A search that takes long: what runs, and how to stop it. */
  slow(state, cancel) {
    const [panel, slots] = fromTemplate("state-slow");
    const what = state.q ? `“${state.q.slice(0, 200)}”` : "all lines";
    slots.what.textContent = `Looking for ${what} ${time.inWords(state)}. A shorter range or one more word is quicker.`;
    slots.actions.append(action("Cancel", cancel));
    this.#show("slow", panel);
  }
}
