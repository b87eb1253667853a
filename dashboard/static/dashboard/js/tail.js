/* The WebSocket of the live tail: connects again by itself, knows when not to. */

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 15000;
const FINAL_CODES = new Set([4400, 4401, 4403, 4008, 1009]);

export class Tail {
  /**
   * Callbacks: onReady(isAgain), onLogs(records, dropped), onWaiting(count, dropped),
   * onError(error), onLost(), onEnd(error) when connecting again would not help.
   */
  constructor(callbacks) {
    this.callbacks = callbacks;
    this.socket = null;
    this.failures = 0;
    this.timer = 0;
    this.hasBeenReady = this.isReady = false;
    this.lastError = null;
    addEventListener("online", () => this.#now());
  }

  open(app, q) {
    this.wanted = { app, q };
    this.hasBeenReady = false;
    this.failures = 0;
    this.#connect();
  }

  /** Watch something else on the same connection. */
  filter(app, q) {
    this.wanted = { app, q };
    this.hasBeenReady = this.isReady = false;
    if (!this.#send({ type: "filter", app, q })) this.open(app, q);
  }

  pause() {
    this.#send({ type: "pause" });
  }

  resume() {
    this.#send({ type: "resume" });
  }

  close() {
    clearTimeout(this.timer);
    this.wanted = null;
    this.#drop();
  }

  #drop() {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  #send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  #connect() {
    clearTimeout(this.timer);
    this.#drop();
    this.isReady = false;
    this.lastError = null;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws/tail?${new URLSearchParams(this.wanted)}`);
    this.socket = socket;
    socket.addEventListener("message", (event) => {
      if (socket === this.socket) this.#take(JSON.parse(event.data));
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.socket) this.#closed(event.code);
    });
  }

  #take(message) {
    const { onReady, onLogs, onWaiting, onError } = this.callbacks;
    if (message.type === "ready") {
      if (message.app !== this.wanted.app || message.q !== this.wanted.q) return;
      this.isReady = true;
      const isAgain = this.hasBeenReady;
      this.hasBeenReady = true;
      this.failures = 0;
      onReady(isAgain);
    } else if (message.type === "error") {
      this.lastError = message.error;
      onError(message.error);
    } else if (!this.isReady) return; /* lines of the filter before */
    else if (message.type === "logs") onLogs(message.records, message.dropped);
    else if (message.type === "waiting") onWaiting(message.count, message.dropped);
  }

  #closed(code) {
    this.socket = null;
    if (!this.wanted) return;
    if (FINAL_CODES.has(code)) {
      this.callbacks.onEnd(this.lastError);
      return;
    }
    this.callbacks.onLost();
    const wait = Math.min(FIRST_WAIT_MS * 2 ** this.failures, LONGEST_WAIT_MS) * (0.75 + Math.random() / 2);
    this.failures += 1;
    this.timer = setTimeout(() => this.wanted && this.#connect(), wait);
  }

  /** The network is back: do not wait for the timer. */
  #now() {
    if (this.wanted && !this.socket) this.#connect();
  }
}
