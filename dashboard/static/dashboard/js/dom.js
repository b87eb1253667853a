/* The only way this product makes elements: text is text, never markup. */

export const byId = (id) => document.getElementById(id);

/** An element with attributes (`on…` are listeners, null is left out) and children (text or nodes). */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "text") element.textContent = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for SVG. */
export function draw(tag, attributes = {}, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  return element;
}

/** Copies the content of a <template>; returns [fragment's root, its data-slot elements by name]. */
export function fromTemplate(id) {
  const root = byId(id).content.cloneNode(true).firstElementChild;
  const slots = {};
  for (const slot of root.querySelectorAll("[data-slot]")) slots[slot.dataset.slot] = slot;
  return [root, slots];
}

/** A function that does `work` before the next paint, once however often it is called. */
export function oncePerFrame(work) {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      work();
    });
  };
}

let toastTimer = 0;

/** A short sentence at the foot of the page, also spoken. */
export function toast(sentence) {
  document.querySelector(".toast")?.remove();
  document.body.append(make("div", { class: "toast", role: "status", text: sentence }));
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => document.querySelector(".toast")?.remove(), 2500);
}

/** Copies text; says so, or says what to do instead. */
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied`);
  } catch {
    toast("Your browser does not allow copying here; select the text instead.");
  }
}

/** Keeps a popover under the button that opens it, inside the window. */
export function anchorMenu(menu, button) {
  menu.addEventListener("beforetoggle", (event) => {
    if (event.newState !== "open") return;
    const box = button.getBoundingClientRect();
    menu.style.top = `${box.bottom + 4}px`;
    menu.style.right = `${Math.max(8, window.innerWidth - Math.max(box.right, 304))}px`;
  });
}

/** Opens a popover under `anchor` with [text, work] items; a key or click chooses. */
export function menuAt(menu, anchor, items) {
  const buttons = items.map(([text, work]) =>
    make("button", { class: "item", type: "button", role: "menuitem", text, onclick: () => {
      menu.hidePopover();
      work();
    } }),
  );
  menu.replaceChildren(...buttons);
  menu.showPopover();
  const [at, box] = [anchor.getBoundingClientRect(), menu.getBoundingClientRect()];
  const isBelow = at.bottom + box.height + 8 < innerHeight;
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - box.width - 8))}px`;
  menu.style.top = `${isBelow ? at.bottom + 4 : Math.max(8, at.top - box.height - 4)}px`;
  buttons[0]?.focus();
  menu.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const index = buttons.indexOf(document.activeElement) + step;
    buttons.at(index % buttons.length).focus();
  };
  menu.ontoggle = (event) => event.newState === "closed" && anchor.isConnected && document.activeElement === document.body && anchor.focus({ preventScroll: true });
}
