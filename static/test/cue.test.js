import assert from "node:assert/strict";
import test from "node:test";

import { columns, formatTime, hint, parseTime, trouble } from "../src/cue.js";

test("times are read as people type them", () => {
  for (const [typed, want] of /** @type {[string, number][]} */ ([
    ["1:02.345", 62_345],
    ["1:00:02.345", 3_602_345],
    ["62.345", 62_345],
    ["0:01,5", 1_500],
    [" ๑:๐๒.๓๔๕ ", 62_345],
    ["75:00", 4_500_000],
    ["0", 0],
    ["", NaN],
    ["1:75", NaN],
    ["1:60:00", NaN],
    ["1:02.3456", NaN],
    ["-1", NaN],
    ["1e3", NaN],
  ])) {
    assert.deepEqual(parseTime(typed), want, typed);
  }
});

test("times are written so that they are read as the same", () => {
  for (const [ms, want] of /** @type {[number, string][]} */ ([
    [0, "0:00.000"],
    [62_345, "1:02.345"],
    [3_602_345, "1:00:02.345"],
    [59_999.6, "1:00.000"],
    [-5, "0:00.000"],
  ])) {
    assert.equal(formatTime(ms), want);
    assert.equal(parseTime(want), Math.max(0, Math.round(ms)));
  }
});

test("marks above and below a letter take no column", () => {
  for (const [text, want] of /** @type {[string, number][]} */ ([
    ["", 0],
    ["abc", 3],
    ["น้ำ", 2],
    ["กี่", 1],
    ["日本", 4],
    ["👩‍👩‍👧", 2],
    ["e\u0301", 1],
  ])) {
    assert.equal(columns(text), want, text);
  }
});

test("the worst that is wrong with a line comes first", () => {
  const cue = (/** @type {string} */ start, /** @type {string} */ end) => ({ id: 1, start, end, text: "x" });
  const before = cue("0:01", "0:03");
  const after = cue("0:05", "0:06");
  for (const [line, want] of /** @type {[ReturnType<typeof cue>, string|undefined][]} */ ([
    [cue("0:03", "0:05"), undefined],
    [cue("x", "y"), "start notATime error"],
    [cue("0:03", "y"), "end notATime error"],
    [cue("0:03", "0:03"), "end endBeforeStart error"],
    [cue("0:00.5", "0:02"), "start beforeLast error"],
    [cue("0:04", "0:05.5"), "end overlaps warning"],
  ])) {
    const found = trouble(line, before, after, 60_000);
    assert.equal(found && `${found.field} ${found.code} ${found.level}`, want, `${line.start} ${line.end}`);
  }
  assert.equal(trouble(cue("0:58", "1:01.001"), undefined, undefined, 60_000)?.code, "beyondVideo");
  assert.equal(trouble(cue("0:58", "1:01"), undefined, undefined, 60_000), undefined);
});

test("a line is hard to read beyond the limits of its script", () => {
  const cue = (/** @type {string} */ text, end = "0:10") => ({ id: 1, start: "0:00", end, text });
  for (const [line, want] of /** @type {[ReturnType<typeof cue>, object|undefined][]} */ ([
    [cue(" \n "), { code: "blank" }],
    [cue("a".repeat(84)), undefined],
    [cue("a".repeat(85)), { code: "tooLong", value: 85 }],
    [cue("ก".repeat(70)), undefined],
    [cue("ก".repeat(71)), { code: "tooLong", value: 71 }],
    [cue("a".repeat(43) + "\nb"), { code: "tooLong", value: 43 }],
    [cue("a".repeat(41), "0:02"), { code: "tooFast", value: 21 }],
    [cue("a".repeat(40), "0:02"), undefined],
    [cue("ก".repeat(36), "0:02"), { code: "tooFast", value: 18 }],
  ])) {
    assert.deepEqual(hint(line), want, line.text);
  }
});
