/* The attributes of a record as a tree: names joined by dots share a branch, JSON in a value opens. */

import { make } from "./dom.js";

const LONGEST_JSON = 100_000;

/** Branches of [[name, value]]: Map of part → {name, value?, branches?}. A lone name stays whole. */
function grow(pairs) {
  const groups = new Map();
  for (const pair of pairs) {
    const head = pair.rest.split(".")[0];
    groups.set(head, [...(groups.get(head) || []), pair]);
  }
  return [...groups].flatMap(([head, members]) => {
    const deeper = members.filter(({ rest }) => rest.length > head.length);
    if (!head || deeper.length < 2) return members.map((member) => ({ ...member, label: member.rest }));
    const own = members.filter(({ rest }) => rest === head).map((member) => ({ ...member, label: head }));
    const inner = deeper.map((member) => ({ ...member, rest: member.rest.slice(head.length + 1) }));
    return [...own, { label: head, branches: grow(inner) }];
  });
}

function parsed(value) {
  if (!/^[[{]/.test(value) || value.length > LONGEST_JSON) return null;
  try {
    return JSON.parse(value);
  } catch {
    return null;
  }
}

/** JSON that is inside one value: only to be read, since a query sees the text as a whole. */
function jsonBranch(content) {
  const entries = Object.entries(content);
  return make("ul", { class: "inner" }, ...entries.slice(0, 200).map(([name, value]) => {
    const isBranch = value !== null && typeof value === "object";
    const label = make("span", { class: "quiet", text: `${name}: ` });
    return isBranch ? make("li", {}, label, jsonBranch(value)) : make("li", {}, label, make("span", { text: JSON.stringify(value) }));
  }));
}

/**
 * The tree of attributes. `leaf(name, value)` makes the element with what can be done with a value.
 */
export function attributeTree(attributes, leaf) {
  const pairs = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => ({ name, value, rest: name }));
  return make("ul", { class: "tree" }, ...grow(pairs).map((node) => branch(node, leaf)));
}

function branch(node, leaf) {
  if (node.branches) {
    return make("li", {}, make("details", { open: true }, make("summary", { class: "mono", text: node.label }), make("ul", {}, ...node.branches.map((one) => branch(one, leaf)))));
  }
  const content = parsed(node.value);
  const inner = content && Object.keys(content).length ? make("details", { class: "json" }, make("summary", { text: "as JSON" }), jsonBranch(content)) : null;
  return make("li", {}, leaf(node.name, node.value, node.label), inner);
}
