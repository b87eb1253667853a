/* Live lines into the list: paused by scrolling away, never faster than the page can paint. */

import { isQueryError } from "./api.js";
import { byId, oncePerFrame, toast } from "./dom.js";
import { grouped, plural, rounded } from "./format.js";
import { Tail } from "./tail.js";

const MAX_ROWS = 5000;
const MAX_PENDING = 2000;
const PAINT_EVERY_MS = 200;

export class Live {
  /**
   * Callbacks: onReady(isAgain) returns when the list holds what was before; onEnd(error);
   * onLost(); onQueryError(error); onRecords(records); onRows() after rows were added; onWanted(isOn) by the button.
   */
  constructor(list, callbacks) {
    Object.assign(this, { list, callbacks });
    this.button = byId("live-button");
    this.pauseButton = byId("pause-button");
    this.pill = byId("pill");
    this.state = byId("live-state");
    this.lost = byId("dropped");
    this.isOn = false;
    this.paintedAt = 0;
    this.timer = 0;
    this.paintSoon = oncePerFrame(() => this.#paintInTime());
    this.#reset();
    this.tail = new Tail({
      onReady: (isAgain) => this.#ready(isAgain),
      onLogs: (records, dropped) => this.#logs(records, dropped),
      onWaiting: (count, dropped) => this.#waiting(count, dropped),
      onError: (error) => this.#error(error),
      onLost: () => {
        this.#link("lost");
        callbacks.onLost();
      },
      onEnd: (error) => this.#end(error),
    });
    this.button.addEventListener("click", () => callbacks.onWanted(!this.isOn));
    this.pauseButton.addEventListener("click", () => this.toggle());
    this.pill.addEventListener("click", () => this.resume());
    this.lost.addEventListener("click", () => toast("They are stored: switch Live off to search them."));
    document.addEventListener("visibilitychange", () => this.#visibility());
  }

  #reset() {
    this.pending = [];
    this.dropped = 0;
    this.held = 0;
    this.heldDropped = 0;
    this.pausedBy = "";
    this.isFilling = true;
  }

  /** Watch `app` and `q`; the same connection serves another filter. */
  start(app, q) {
    const wasOn = this.isOn;
    this.isOn = true;
    this.#reset();
    this.#link("connecting");
    if (wasOn) this.tail.filter(app, q);
    else this.tail.open(app, q);
  }

  stop() {
    if (!this.isOn) return;
    this.isOn = false;
    this.tail.close();
    this.#reset();
    this.#link("");
  }

  pause(by = "button") {
    if (!this.isOn || this.pausedBy) return;
    this.pausedBy = by;
    this.tail.pause();
    this.#show();
  }

  resume() {
    if (!this.pausedBy) return;
    this.pausedBy = "";
    this.held = this.heldDropped = 0;
    this.list.toTop();
    this.tail.resume();
    this.paintSoon();
    this.#show();
  }

  toggle() {
    if (this.pausedBy) this.resume();
    else this.pause();
  }

  /** The list was scrolled: away from the newest line pauses, back to it goes on. */
  scrolled(isAtTop) {
    if (!isAtTop) this.pause("scroll");
    else if (this.pausedBy === "scroll") this.resume();
  }

  #visibility() {
    if (document.hidden && !this.callbacks.isCalling()) this.pause("hidden");
    else if (this.pausedBy === "hidden") this.resume();
  }

  async #ready(isAgain) {
    this.isFilling = true;
    this.#link(this.link === "lost" ? "lost" : "connecting");
    if (this.pausedBy) this.tail.pause();
    await this.callbacks.onReady(isAgain);
    if (!this.isOn) return;
    this.isFilling = false;
    this.#link("on");
    this.paintSoon();
  }

  #logs(records, dropped) {
    this.dropped += dropped;
    this.callbacks.onRecords(records);
    this.pending.push(...records);
    if (this.pending.length > MAX_PENDING) {
      this.dropped += this.pending.length - MAX_PENDING;
      this.pending = this.pending.slice(-MAX_PENDING);
    }
    this.paintSoon();
  }

  #waiting(count, dropped) {
    this.held = count;
    this.heldDropped = dropped;
    this.#show();
  }

  #error(error) {
    if (isQueryError(error)) this.callbacks.onQueryError(error);
  }

  #end(error) {
    this.stop();
    this.callbacks.onEnd(error);
  }

  /** A single line is shown at once, many are shown together: all rows change with each. */
  #paintInTime() {
    const wait = this.paintedAt + PAINT_EVERY_MS - performance.now();
    clearTimeout(this.timer);
    if (wait <= 0) this.#paint();
    else this.timer = setTimeout(() => this.#paint(), wait);
  }

  #paint() {
    if (this.isFilling || !this.isOn) return;
    if (!this.pausedBy && this.pending.length) {
      this.paintedAt = performance.now();
      this.list.prepend(this.pending.reverse(), MAX_ROWS);
      this.pending = [];
      this.callbacks.onRows();
    }
    this.#show();
  }

  #link(link) {
    this.link = link;
    this.#show();
  }

  #show() {
    const isPaused = Boolean(this.pausedBy);
    this.button.setAttribute("aria-pressed", String(this.isOn));
    this.button.dataset.link = isPaused && this.link === "on" ? "paused" : this.link;
    this.pauseButton.hidden = !this.isOn;
    this.pauseButton.textContent = isPaused ? "Go on" : "Pause";
    this.state.textContent = this.#sentence(isPaused);
    const waiting = this.held + this.pending.length;
    this.pill.hidden = !(isPaused && this.isOn);
    this.pill.textContent = waiting ? `${rounded(waiting)} new · show` : "Paused · go on";
    const dropped = this.dropped + this.heldDropped;
    this.lost.hidden = !(this.isOn && dropped);
    this.lost.textContent = `${plural(dropped, "line")} not shown`;
    this.lost.dataset.count = dropped;
    this.lost.title = `${grouped(dropped)} lines came faster than they could be shown here. All of them are stored: switch Live off to search them.`;
    const count = isPaused && waiting ? `(${rounded(waiting)}) ` : "";
    document.title = `${count}Logs · Logplatform`;
  }

  #sentence(isPaused) {
    if (!this.isOn) return "";
    if (this.link === "lost") return "Connection lost; connecting again …";
    if (this.link === "connecting") return "Connecting …";
    return isPaused ? "Paused" : "";
  }
}
