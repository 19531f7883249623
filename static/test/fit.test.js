import assert from "node:assert/strict";
import test from "node:test";

import { fit } from "../src/fit.js";

const room = { maxBytes: 100, videos: 2, seconds: 60 };
const wish = (bytes = 1, /** @type {number|undefined} */ seconds = 1, hasSlot = false) => ({ bytes, seconds, hasSlot });

test("each file says why the quota has no room for it", () => {
  for (const [name, left, taken, wishes, want] of /** @type {[string, Partial<typeof room>, {videos: number, seconds: number}, ReturnType<typeof wish>[], (string|undefined)[]][]} */ ([
    ["all fit", {}, { videos: 0, seconds: 0 }, [wish(), wish()], [undefined, undefined]],
    ["too big", {}, { videos: 0, seconds: 0 }, [wish(101), wish(100)], ["tooBig", undefined]],
    ["no videos left", { videos: 0 }, { videos: 0, seconds: 0 }, [wish()], ["noVideos"]],
    ["a slot is held", { videos: 0 }, { videos: 0, seconds: 0 }, [wish(1, 1, true)], [undefined]],
    ["no minutes left", { seconds: 0 }, { videos: 0, seconds: 0 }, [wish()], ["noMinutes"]],
    ["too long", {}, { videos: 0, seconds: 0 }, [wish(1, 61), wish(1, 60)], ["tooLong", undefined]],
    ["videos before it", {}, { videos: 0, seconds: 0 }, [wish(), wish(), wish()], [undefined, undefined, "videosTaken"]],
    ["videos on their way", {}, { videos: 2, seconds: 0 }, [wish()], ["videosTaken"]],
    ["minutes before it", {}, { videos: 0, seconds: 0 }, [wish(1, 60), wish()], [undefined, "minutesTaken"]],
    ["too long for what is left", {}, { videos: 0, seconds: 0 }, [wish(1, 40), wish(1, 30)], [undefined, "tooLongNow"]],
    ["a long one keeps no short one out", {}, { videos: 0, seconds: 0 }, [wish(1, 61), wish(1, 5)], ["tooLong", undefined]],
  ])) {
    assert.deepEqual(fit({ ...room, ...left }, taken, wishes).map((refusal) => refusal?.reason), want, name);
  }
});

test("a length that the browser cannot tell keeps nothing out", () => {
  assert.deepEqual(fit(room, { videos: 0, seconds: 0 }, [{ bytes: 1, seconds: undefined, hasSlot: false }]), [null]);
});
