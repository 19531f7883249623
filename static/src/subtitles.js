/** The section of subtitles on the page of a video: its editor, and the captions. */

import htmx from "htmx.org";
import { announce } from "./announce.js";
import { showCaptions } from "./captions.js";
import { ask } from "./confirm.js";
import { Editor } from "./editor.js";

/** @type {{section: HTMLElement, editor?: Editor}|undefined} */
let current;

/** @param {HTMLElement} section */
function captions(section) {
  const { captions, captionsLanguage, captionsLabel } = section.dataset;
  showCaptions(captions, { language: captionsLanguage, label: captionsLabel });
}

/**
 * From now on the reader is asked before the text is replaced.
 *
 * @param {HTMLElement} section
 */
function edited(section) {
  section.querySelector("#edited").hidden = false;
  const restore = section.querySelector("#restore");
  if (restore) {
    restore.hidden = false;
  }
  for (const form of section.querySelectorAll("[data-confirm-edited]")) {
    form.setAttribute("hx-confirm", form.dataset.confirmEdited);
  }
}

/**
 * @param {HTMLElement} section
 * @param {string} revision
 */
function saved(section, revision) {
  if (!section.isConnected) {
    return; // The player on the page is another video's by now.
  }
  section.dataset.revision = revision;
  section.dataset.captions = section.dataset.captions.replace(/\d+$/, revision);
  captions(section);
}

/**
 * Shows what is stored in the place of what is here, which stays where that fails.
 *
 * @param {HTMLElement} section
 */
async function reload(section) {
  const saver = current?.editor?.saver;
  saver?.pause();
  try {
    await htmx.ajax("GET", section.querySelector("#editor").dataset.save, { source: section, target: section, swap: "outerHTML" });
  } catch {
    // The alert of the page says that nobody answered.
  }
  if (section.isConnected) {
    saver?.resume();
  }
}

htmx.onLoad((root) => {
  const section = document.querySelector("#subtitles");
  if (current && current.section !== section) {
    current.editor?.end();
    current = undefined;
  }
  if (!section || current || !(root === section || root.contains(section))) {
    return;
  }
  const part = section.querySelector("#editor");
  current = { section };
  captions(section);
  if (part) {
    current.editor = new Editor(part, {
      revision: section.dataset.revision,
      saved: (revision) => saved(section, revision),
      edited: () => edited(section),
      reload: () => reload(section),
    });
  }
});

// What was in the section may be gone with what the reader pressed.
let hadFocus = false;
document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
  hadFocus = target.id === "subtitles" && target.contains(document.activeElement);
});
document.addEventListener("htmx:afterSettle", () => {
  if (hadFocus && document.activeElement === document.body) {
    document.querySelector("#subtitles-title")?.focus();
  }
  hadFocus = false;
});

// While the whole text is about to be replaced, nothing of it is saved.
document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
  if (elt.closest("#subtitles [data-replaces]")) {
    current?.editor?.saver.pause();
  }
});
document.addEventListener("htmx:afterRequest", ({ detail: { elt } }) => {
  if (elt.closest?.("[data-replaces]")) {
    current?.editor?.saver.resume();
  }
});

// A link within the site swaps the page, of which no browser warns.
document.addEventListener("htmx:confirm", async (event) => {
  const { target, issueRequest } = event.detail;
  const editor = current?.editor;
  if (target !== document.body || event.defaultPrevented || !editor?.saver.unsaved) {
    return;
  }
  event.preventDefault();
  const { leaveTitle, leaveDetail, leaveLabel } = document.querySelector("#editor").dataset;
  if ((await editor.saver.flush()) || (await ask({ title: leaveTitle, detail: leaveDetail, label: leaveLabel }))) {
    issueRequest(true); // The editor ends once another page is there.
  }
});

/**
 * Leads to what keeps the text from being saved.
 *
 * @param {HTMLElement} section
 */
function showTrouble(section) {
  const state = section.querySelector("#save-state");
  announce(state.textContent.trim());
  (section.querySelector("#cues [aria-invalid=true], #save-again:not([hidden])") ?? state).focus();
  state.scrollIntoView({ block: "center" });
}

// What is downloaded holds what was just typed.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  const saver = current?.editor?.saver;
  if (form.id === "downloads" && saver?.unsaved) {
    event.preventDefault();
    const { submitter } = event;
    if (await saver.flush()) {
      form.requestSubmit(submitter);
    } else {
      showTrouble(form.closest("section"));
    }
  }
});
