/** Waiting before another try: a little at first, longer the more tries there were. */

const shortest = 250;
const longest = 15_000;

/** @param {number} tries so far */
export function delay(tries) {
  return Math.min(longest, shortest * 1.5 ** tries);
}

/** @param {number} tries so far */
export function wait(tries) {
  return new Promise((resolve) => setTimeout(resolve, delay(tries)));
}
