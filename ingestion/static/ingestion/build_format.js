// Builds the pattern of a log format out of the marked parts of one line.
import { guess, patternOf, withMark } from "./marks.js";

const at = (id) => document.getElementById(id);
const form = at("build"), sample = at("id_sample"), field = at("field"), holds = at("holds");
let marks = [];

function tell(text) {
  at("told").textContent = text;
}

function show() {
  at("marks").replaceChildren(...marks.map((mark) => {
    const item = document.createElement("li"), button = document.createElement("button");
    button.type = "button";
    button.className = "lp-button";
    button.textContent = `${mark.name}: ${sample.value.slice(mark.start, mark.end)} ×`;
    button.setAttribute("aria-label", `Unmark ${mark.name}`);
    button.addEventListener("click", () => {
      marks = marks.filter((other) => other !== mark);
      write();
      sample.focus();
    });
    item.append(button);
    return item;
  }));
}

function write() {
  at("id_kind").value = "line";
  at("id_pattern").value = patternOf(sample.value, marks);
  show();
}

function suggest() {
  const part = sample.value.slice(sample.selectionStart, sample.selectionEnd);
  if (!part) return;
  const found = guess(part);
  field.value = found.name;
  holds.value = found.holds;
}

function mark() {
  const { selectionStart: start, selectionEnd: end } = sample;
  const added = withMark(marks, { start, end, name: field.value.trim(), holds: holds.value });
  if (added.problem) return tell(added.problem);
  marks = added.marks;
  tell("");
  field.value = "";
  write();
  sample.focus();
  sample.setSelectionRange(end, end);
}

function takeLine(line) {
  sample.value = line;
  marks = [];
  show();
  sample.focus();
}

at("samples")?.addEventListener("change", (event) => event.target.value && takeLine(event.target.value));
sample.addEventListener("input", () => { marks = []; show(); });
sample.addEventListener("select", suggest);
at("mark").addEventListener("click", mark);
for (const box of [sample, field]) box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  if (box === field) mark();
  else field.focus();
});
at("id_source").addEventListener("change", (event) => {
  location.search = event.target.value ? `?source=${encodeURIComponent(event.target.value)}` : "";
});
// One button, two values: the form tells which case or version is meant.
for (const button of form.querySelectorAll("[data-do]")) button.addEventListener("click", () => {
  const verb = document.createElement("input");
  Object.assign(verb, { type: "hidden", name: "do", value: button.dataset.do });
  form.append(verb);
});
