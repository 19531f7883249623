/** Copies what is shown once, and selects it for those who copy by hand. */

import htmx from "htmx.org";
import { announce } from "./announce.js";

htmx.onLoad((root) => {
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.hidden = false;
  }
});

document.addEventListener("focusin", ({ target }) => {
  if (target.matches("[data-select]")) {
    target.select();
  }
});

/**
 * Browsers have a clipboard for pages on https and localhost only; elsewhere
 * the older way still works.
 *
 * @param {HTMLInputElement} input
 */
async function copy(input) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(input.value);
    return true;
  }
  input.focus();
  input.select();
  return document.execCommand("copy");
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) {
    return;
  }
  const input = document.getElementById(button.dataset.copy);
  const copied = await copy(input).catch(() => false);
  if (!copied) {
    input.focus(); // It is selected, to be copied by hand.
    return;
  }
  button.focus();
  button.querySelector("[data-label]").textContent = button.dataset.copied;
  announce(button.dataset.copied);
});
