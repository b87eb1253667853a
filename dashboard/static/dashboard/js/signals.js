/* What a match in the live tail does while somebody looks elsewhere: the title flashes, a sound plays. */

import { remembered } from "./state.js";

const FLASH_MS = 1000;
const QUIET_MS = 3000;

export class Signals {
  constructor() {
    this.timer = 0;
    this.count = 0;
    this.soundedAt = 0;
    this.audio = null;
    document.addEventListener("visibilitychange", () => document.hidden || this.#calm());
  }

  /** Whether somebody who looks elsewhere wants to be called. */
  get areWanted() {
    return Boolean(remembered("flash") || remembered("sound"));
  }

  /**
   * New lines came. With words to highlight, those that have one count, and count always; without,
   * all of them do while the page is in the background.
   */
  came(records, highlighter) {
    if (!this.areWanted) return;
    const isMatch = ({ message }) => message.search(highlighter) >= 0;
    const found = highlighter ? records.filter(isMatch).length : document.hidden ? records.length : 0;
    if (!found) return;
    if (remembered("sound")) this.#sound();
    if (remembered("flash") && document.hidden) this.#flash(found);
  }

  #flash(found) {
    this.count += found;
    if (this.timer) return;
    const before = document.title;
    let isOn = false;
    this.timer = setInterval(() => {
      isOn = !isOn;
      document.title = isOn ? `★ ${this.count} new` : before;
    }, FLASH_MS);
    this.before = before;
  }

  #calm() {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = 0;
    this.count = 0;
    document.title = this.before;
  }

  #sound() {
    if (Date.now() - this.soundedAt < QUIET_MS) return;
    this.soundedAt = Date.now();
    this.audio ||= new AudioContext();
    const [tone, volume] = [this.audio.createOscillator(), this.audio.createGain()];
    const at = this.audio.currentTime;
    tone.frequency.value = 660;
    volume.gain.setValueAtTime(0.08, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.25);
    tone.connect(volume).connect(this.audio.destination);
    tone.start(at);
    tone.stop(at + 0.25);
  }
}
