import { describe, expect, it } from "vitest";
import * as drawing from "../src/core/drawing";
import * as edits from "../src/core/edits";
import { apply, begin, diff, overlap, reduce, type History } from "../src/core/history";
import { layout } from "../src/core/layout";
import type { Definition } from "../src/core/model";

const start: Definition = {
  schema_version: 1,
  inputs: { type: "object", properties: { text: { type: "string" } } },
  nodes: [
    { id: "a", action: "text.echo", params: { text: "{{ input.text }}" }, position: { x: 0, y: 0 } },
    { id: "b", action: "text.upper", position: { x: 300, y: 0 } },
  ],
  edges: [{ from: "a", to: "b" }],
  output: { text: "{{ b.text }}" },
};

/** A generator with a seed, so that a failure can be seen again. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return Math.floor((state / 4294967296) * sides);
  };
}

function randomEdit(definition: Definition, roll: (sides: number) => number, step: number): Definition {
  const node = definition.nodes[roll(definition.nodes.length)];
  const other = definition.nodes[roll(definition.nodes.length)];
  const id = edits.freshId("n", definition.nodes.map((item) => item.id));
  const inner = (change: object): Definition => ({ ...definition, ...change });
  switch (node ? roll(11) : 0) {
    case 0: return inner(edits.addNode(definition, { id, action: "text.echo", position: { x: roll(900), y: roll(900) } }, node && { from: node.id, to: id }));
    case 1: return inner(edits.removeNodes(definition, [node.id]));
    case 2: return inner(edits.moveNodes(definition, { [node.id]: { x: roll(900), y: roll(900) } }));
    case 3: return inner(edits.connect(definition, { from: node.id, to: other.id, ...(roll(2) ? { port: "error" } : {}) }));
    case 4: return inner(edits.updateNode(definition, node.id, { params: { text: `value ${step}` }, note: roll(2) ? "note" : undefined }));
    case 5: return inner({ output: roll(2) ? { [`o${roll(5)}`]: step } : {} });
    case 6: return inner({ inputs: { type: "object", properties: { [`i${roll(5)}`]: { type: "string" } } } });
    case 7: return inner(edits.pasteFragment(definition, edits.copyFragment(definition, [node.id, other.id]), { x: roll(500), y: 0 }, definition.nodes.map((item) => item.id))[0]);
    case 8: return inner(drawing.group(definition, [node.id, other.id], `Group ${step}`)[0]);
    case 9: return inner(drawing.addNote(definition, { x: roll(900), y: roll(900) })[0]);
    default: return inner(edits.moveNodes(definition, layout(definition)));
  }
}

describe("the command log", () => {
  it.each([1, 7, 42, 2026])("200 random edits and as many undos return to the start, and redos to the end (seed %i)", (seed) => {
    const roll = dice(seed);
    let history: History = begin(start);
    let step = 0;
    while (history.past.length < 200) {
      step += 1;
      history = reduce(history, { type: "edit", label: "x", next: randomEdit(history.present, roll, step), at: step });
    }
    const end = history.present;
    // What the tab keeps over a reload is JSON.
    history = JSON.parse(JSON.stringify(history));
    for (let undo = 0; undo < 200; undo += 1) history = reduce(history, { type: "undo" });
    expect(history.present).toEqual(start);
    expect(history.past).toHaveLength(0);
    for (let redo = 0; redo < 200; redo += 1) history = reduce(history, { type: "redo" });
    expect(history.present).toEqual(end);
  });

  it("makes one step of a word that is typed, and two of two fields", () => {
    let history = begin(start);
    const type = (text: string, field: string, at: number) => {
      const next = { ...history.present, ...edits.updateNode(history.present, "a", { [field]: text }) };
      history = reduce(history, { type: "edit", label: "x", next, merge: field, at });
    };
    ["h", "he", "hel"].forEach((text, index) => type(text, "title", index * 100));
    type("n", "note", 400);
    expect(history.past).toHaveLength(2);
    history = reduce(reduce(history, { type: "undo" }), { type: "undo" });
    expect(history.present).toEqual(start);
  });

  it("drops nothing when an edit changes nothing", () => {
    const history = begin(start);
    expect(reduce(history, { type: "edit", label: "x", next: structuredClone(start), at: 1 })).toBe(history);
  });

  it("merges two people's edits of different places and names what both touched", () => {
    const mine = { ...start, ...edits.updateNode(start, "a", { title: "Mine" }) };
    const theirs = { ...start, ...edits.updateNode(edits.addNode(start, { id: "c", action: "text.trim" }), "b", { title: "Theirs" }) };
    const merged = apply(theirs, diff(start, mine));
    expect(merged.nodes.map((node) => [node.id, node.title])).toEqual([["a", "Mine"], ["b", "Theirs"], ["c", undefined]]);
    expect(overlap(diff(start, mine), diff(start, theirs))).toEqual([]);
    const same = { ...start, ...edits.updateNode(start, "a", { title: "Other" }) };
    expect(overlap(diff(start, mine), diff(start, same))).toEqual(["a"]);
  });
});
