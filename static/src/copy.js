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

/** @param {HTMLElement} source a field, or any element with text */
function select(source) {
  if (source instanceof HTMLInputElement) {
    source.focus();
    source.select();
  } else {
    getSelection().selectAllChildren(source);
  }
}

/**
 * Resolves to whether the text is on the clipboard. Browsers have one for pages
 * on https and localhost only; elsewhere the older way still works.
 *
 * @param {HTMLElement} source
 */
async function copy(source) {
  select(source);
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) {
    return;
  }
  const copied = await copy(document.getElementById(button.dataset.copy));
  const said = copied ? button.dataset.copied : button.dataset.byHand;
  if (copied) {
    button.focus();
  }
  button.querySelector("[data-label]").textContent = said;
  announce(said);
});
