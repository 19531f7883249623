import assert from "node:assert/strict";
import test from "node:test";

import { History } from "../src/editor_history.js";
import { add, changed, merge, newCue, remove, split } from "../src/editor_lines.js";

const lines = () => [newCue("0:00.000", "0:02.000", "one two"), newCue("0:02.000", "0:04.000", "three")];
const shown = (/** @type {ReturnType<typeof lines>} */ all) => all.map(({ start, end, text }) => `${start} ${end} ${text}`);

test("nothing changes what it is given", () => {
  const given = lines();
  const before = shown(given);
  changed(given, 0, { text: "x" });
  split(given, 0, 4);
  merge(given, 1);
  add(given, 0, 0);
  remove(given, 0);
  assert.deepEqual(shown(given), before);
});

test("a line is split where the caret is, or between two words", () => {
  const want = ["0:00.000 0:01.000 one", "0:01.000 0:02.000 two", "0:02.000 0:04.000 three"];
  assert.deepEqual(shown(split(lines(), 0, 3).lines), want);
  assert.deepEqual(shown(split(lines(), 0, 0).lines), want);
});

test("lines are joined, and their times with them", () => {
  const step = merge(lines(), 1);
  assert.deepEqual(shown(step.lines), ["0:00.000 0:04.000 one two\nthree"]);
  assert.equal(step.place?.caret, 8);
});

test("an added line fits before the next", () => {
  const gap = [newCue("0:00.000", "0:01.000", "a"), newCue("0:02.500", "0:03.000", "b")];
  assert.deepEqual(shown(add(gap, 0, 0).lines)[1], "0:01.000 0:02.500 ");
  assert.deepEqual(shown(add([], -1, 5_000).lines), ["0:05.000 0:07.000 "]);
});

test("after a removal the next line is the place, or the last", () => {
  const given = lines();
  assert.equal(remove(given, 0).place?.id, given[1].id);
  assert.equal(remove(given, 1).place?.id, given[0].id);
  assert.equal(remove([given[0]], 0).place, undefined);
});

test("undo and redo go back and forth", () => {
  const history = new History();
  const moments = [1, 2, 3].map((n) => ({ lines: [newCue("0", "1", String(n))], place: undefined }));
  history.add(moments[0], "");
  history.add(moments[1], "");
  assert.equal(history.undo(moments[2]), moments[1]);
  assert.equal(history.undo(moments[1]), moments[0]);
  assert.equal(history.undo(moments[0]), undefined);
  assert.equal(history.redo(moments[0]), moments[1]);
});
