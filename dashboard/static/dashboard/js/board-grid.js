/* The panels of a dashboard on their grid, and arranging them by hand or by keys. */

import { exchanged, inReadingOrder, placed } from "./board-layout.js";
import { oncePerFrame } from "./dom.js";
import { PanelView, titleOf } from "./panel.js";

const GAP_PX = 8;
const ROW_PX = 32;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const AT_ONCE = 3;

export class BoardGrid {
  /** Callbacks: onArranged(panels), onZoom(startMs, endMs), onMenu(panel, button), onSaid(sentence). */
  constructor(root, explorer, callbacks) {
    Object.assign(this, { root, explorer, callbacks });
    this.views = new Map();
    this.panels = [];
    new MutationObserver(() => this.#all((view) => view.paint())).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  #all(work) {
    for (const view of this.views.values()) work(view);
  }

  /** Shows `panels`; those that ask something else, or are new, need `load`. What is held stays where it is in the page. */
  show(panels, { isHeld = false } = {}) {
    this.panels = panels;
    const ids = new Set(panels.map((panel) => panel.id));
    for (const [id, view] of this.views) {
      if (ids.has(id)) continue;
      view.remove();
      this.views.delete(id);
    }
    for (const panel of panels) {
      if (this.views.has(panel.id)) this.views.get(panel.id).update(panel);
      else this.views.set(panel.id, this.#made(panel));
    }
    if (isHeld) return;
    /* read and tabbed in the order they stand in */
    const order = inReadingOrder(panels).map((panel) => this.views.get(panel.id).root);
    if (order.some((root, i) => this.root.children[i] !== root)) {
      const focused = document.activeElement;
      this.root.replaceChildren(...order);
      if (this.root.contains(focused)) focused.focus({ preventScroll: true });
    }
  }

  #made(panel) {
    return new PanelView(panel, this.explorer, {
      onZoom: this.callbacks.onZoom,
      onMenu: this.callbacks.onMenu,
      onGrip: (event, chosen, isCorner) => this.#drag(event, chosen, isCorner),
      onKey: (event, chosen) => this.#key(event, chosen),
      onStep: (chosen, step) => this.#step(chosen, step),
    });
  }

  /** Asks for every panel, a few at a time, from top to bottom; a later call replaces an earlier one. */
  async load(asked) {
    this.turn = (this.turn || 0) + 1;
    const turn = this.turn;
    const waiting = [...this.root.children].map((root) => this.views.get(root.dataset.id));
    const work = async () => {
      while (waiting.length && turn === this.turn) await waiting.shift().load(asked);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  loadOne(id, asked) {
    return this.views.get(id)?.load(asked);
  }

  /** Everything off the grid, as before another dashboard. */
  clear() {
    this.turn = (this.turn || 0) + 1;
    this.#all((view) => view.remove());
    this.views.clear();
    this.panels = [];
  }

  #arrange(id, place) {
    this.show(placed(this.panels, id, place));
  }

  #key(event, panel) {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const { x, y, w, h } = panel;
    const [right, down] = step;
    this.#arrange(panel.id, event.shiftKey ? { x, y, w: w + right, h: h + down } : { x: x + right, y: this.#rowBeyond(panel, down), w, h });
    this.#tell(panel.id);
  }

  #tell(id) {
    const now = this.panels.find((one) => one.id === id);
    this.callbacks.onSaid(`${titleOf(now)}: column ${now.x + 1}, row ${now.y + 1}, ${now.w} wide, ${now.h} high`);
    this.callbacks.onArranged(this.panels);
  }

  /** What the buttons do: `order` moves a panel among the others as they are read, `w` and `h` resize it. */
  #step(panel, { order = 0, w = 0, h = 0 }) {
    const { x, y } = panel;
    if (order) this.show(exchanged(this.panels, panel.id, order));
    else this.#arrange(panel.id, { x, y, w: panel.w + w, h: panel.h + h });
    this.views.get(panel.id).root.scrollIntoView({ block: "nearest" });
    this.#tell(panel.id);
  }

  /** Up and down go past the next panel there: a row less would be closed again at once. */
  #rowBeyond(panel, down) {
    if (down < 0) {
      const above = this.panels.filter((other) => other.y < panel.y && other.x < panel.x + panel.w && panel.x < other.x + other.w);
      return Math.max(0, ...above.map((other) => other.y));
    }
    if (!down) return panel.y;
    const below = this.panels.filter((other) => other.y >= panel.y + panel.h && other.x < panel.x + panel.w && panel.x < other.x + other.w);
    return below.length ? Math.min(...below.map((other) => other.y + other.h)) : panel.y;
  }

  #drag(event, panel, isCorner) {
    if (event.button !== 0) return;
    event.preventDefault();
    const view = this.views.get(panel.id);
    const handle = event.currentTarget;
    const from = { x: event.clientX, y: event.clientY, scroll: scrollY };
    const column = (this.root.clientWidth + GAP_PX) / 12;
    const start = this.panels;
    view.root.classList.add("is-held");
    handle.focus?.();
    handle.setPointerCapture(event.pointerId);
    let at = event;
    const follow = oncePerFrame(() => {
      const right = Math.round((at.clientX - from.x) / column);
      const down = Math.round((at.clientY - from.y + scrollY - from.scroll) / (ROW_PX + GAP_PX));
      const { x, y, w, h } = panel;
      this.show(placed(start, panel.id, isCorner ? { x, y, w: w + right, h: h + down } : { x: x + right, y: y + down, w, h }), { isHeld: true });
    });
    handle.onpointermove = (moved) => {
      at = moved;
      follow();
    };
    const end = (isKept) => {
      handle.onpointermove = handle.onpointerup = handle.onpointercancel = null;
      view.root.classList.remove("is-held");
      this.show(isKept ? this.panels : start);
      if (isKept) this.callbacks.onArranged(this.panels);
    };
    handle.onpointerup = () => end(true);
    handle.onpointercancel = () => end(false);
  }
}
