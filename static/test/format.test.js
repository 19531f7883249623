import assert from "node:assert/strict";
import test from "node:test";

import { clock, fill, size } from "../src/format.js";
import { Speed } from "../src/speed.js";
import { delay } from "../src/wait.js";

test("values go into texts", () => {
  assert.equal(fill("Line {0}", 3), "Line 3");
  assert.equal(fill("{done} of {all}, {done}", { done: 1, all: 2 }), "1 of 2, 1");
});

test("lengths and sizes are written as the server writes them", () => {
  for (const [seconds, want] of /** @type {[number, string][]} */ ([[0, "0:00"], [59, "0:59"], [60, "1:00"], [3599, "59:59"], [3600, "1:00:00"], [36_061, "10:01:01"]])) {
    assert.equal(clock(seconds), want);
  }
  for (const [bytes, want] of /** @type {[number, string][]} */ ([
    [0, "0 KB"], [512, "0.5 KB"], [1024, "1 KB"], [839_680, "820 KB"], [1_048_575, "1 MB"], [12_897_485, "12.3 MB"], [524_288_000, "500 MB"], [2 ** 50, "1024 TB"],
  ])) {
    assert.equal(size(bytes), want);
  }
});

test("speed is that of the last seconds", () => {
  const speed = new Speed();
  assert.equal(speed.perSecond, undefined);
  speed.add(0, 0);
  speed.add(500, 500);
  assert.equal(speed.perSecond, undefined, "too early");
  speed.add(1000, 1000);
  assert.equal(speed.perSecond, 1000);
  speed.add(1000, 9000);
  assert.equal(speed.perSecond, undefined, "nothing came for eight seconds");
});

test("each wait is longer than the one before, up to a limit", () => {
  assert.equal(delay(0), 250);
  assert.equal(delay(1), 375);
  assert.equal(delay(100), 15_000);
});
