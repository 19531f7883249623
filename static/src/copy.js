/** Copies what stands beside a button, such as a password that is shown once. */

import htmx from "htmx.org";
import { announce } from "./announce.js";

/**
 * Resolves to whether the text is on the clipboard. Sites without HTTPS have
 * no clipboard of the modern kind; there it is copied as a selection.
 *
 * @param {Element} source
 */
async function copy(source) {
  getSelection().selectAllChildren(source);
  try {
    await navigator.clipboard.writeText(source.textContent);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}

htmx.onLoad((root) => {
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.hidden = false;
  }
});

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (button && (await copy(document.getElementById(button.getAttribute("aria-controls"))))) {
    button.lastChild.textContent = button.dataset.copied;
    announce(button.dataset.copied);
  }
});
