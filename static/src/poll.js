/** Asks again for what changes by itself: [data-poll], every [data-poll-every] milliseconds. */

import htmx from "htmx.org";
import { delay } from "./wait.js";

const hiddenPause = 5_000;

/** @param {number} milliseconds */
function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * Asks once. Resolves to the status of the answer, 0 when there was none.
 *
 * @param {HTMLElement} element
 */
async function ask(element) {
  let status = 0;
  element.addEventListener("htmx:afterRequest", ({ detail }) => (status = detail.xhr.status), { once: true });
  try {
    await htmx.ajax("GET", element.dataset.poll, { source: element, target: element, swap: "outerHTML", select: element.dataset.pollSelect });
  } catch {
    // The status says it.
  }
  return status;
}

/**
 * Goes on until the element is replaced by what came, which is watched in turn.
 *
 * @param {HTMLElement} element
 */
async function watch(element) {
  const every = Number(element.dataset.pollEvery);
  for (let failures = 0; ; ) {
    await sleep(Math.max(document.hidden ? hiddenPause : 0, every, failures > 0 ? delay(failures) : 0));
    if (!element.isConnected) {
      return;
    }
    // An open dialog asks about what would be swapped away behind it.
    if (document.querySelector("dialog[open]")) {
      continue;
    }
    const status = await ask(element);
    if (!element.isConnected || (status >= 400 && status < 500 && status !== 429)) {
      return;
    }
    failures++;
    const trouble = element.querySelector("[data-poll-trouble]");
    if (trouble) {
      trouble.hidden = false;
    }
  }
}

htmx.onLoad((root) => {
  const elements = [...root.querySelectorAll("[data-poll]")];
  for (const element of root.matches("[data-poll]") ? [root, ...elements] : elements) {
    watch(element);
  }
});
