/** The upload form: takes files, says what they come to, and guards what is under way. */

import htmx from "htmx.org";
import { showAlert } from "./alert.js";
import { announce } from "./announce.js";
import { clock, fill, size } from "./format.js";
import { quota } from "./quota.js";
import { UploadQueue } from "./upload_queue.js";
import { wait } from "./wait.js";

// The queue outlives the form, which goes when another page of the site is
// swapped in, so that the uploads go on meanwhile.
const queue = new UploadQueue({ changed: render, progressed: showInTitle, removed: moveFocus, signedOut: leadToLogin });

/** @returns {HTMLFormElement|null} */
function form() {
  return document.querySelector("#upload");
}

/** Whether leaving the page would stop anything. */
export function uploading() {
  return queue.active.length > 0;
}

/** Stops what is under way; the server keeps what has arrived. */
export function stopUploads() {
  queue.close();
}

/** @param {HTMLFormElement} opened that has just come into the page */
function attach(opened) {
  const input = opened.querySelector("input[type=file]");
  input.multiple = true;
  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = ""; // so that the same file can be chosen again
  });
  opened.addEventListener("submit", (event) => {
    event.preventDefault();
    announce(summary());
    queue.send();
  });
  opened.querySelector("[data-clear]").addEventListener("click", () => {
    queue.clear();
    input.focus();
  });
  queue.open(quota().session);
}

/** @param {File[]} files */
async function add(files) {
  if (files.length > 0) {
    showAlert(form(), "");
    form().querySelector("input[type=file]").setCustomValidity("");
    await queue.add(files);
    announce(summary());
  }
}

function render() {
  showInTitle();
  const shown = form();
  if (!shown) {
    return;
  }
  const rows = queue.uploads.map((upload) => upload.row.element);
  renderList(shown.querySelector("[data-uploads]"), rows);
  shown.querySelector("input[type=file]").required = queue.chosen.length === 0;
  renderButton(shown.querySelector("[type=submit]"));
  shown.querySelector("[data-sum]").hidden = rows.length === 0;
  shown.querySelector("[data-sum-all]").textContent = sum();
  shown.querySelector("[data-sum-fit]").textContent = room();
  shown.querySelector("[data-clear]").hidden = queue.chosen.length > 0 || !queue.uploads.some((upload) => upload.done);
}

/**
 * Leaves alone what stays, which may have the focus.
 *
 * @param {HTMLOListElement} list
 * @param {HTMLElement[]} rows
 */
function renderList(list, rows) {
  for (const row of [...list.children]) {
    if (!rows.includes(row)) {
      row.remove();
    }
  }
  list.append(...rows.filter((row) => row.parentElement !== list));
}

/** @param {HTMLButtonElement} button */
function renderButton(button) {
  const { upload, uploadFiles } = button.form.dataset;
  const ready = queue.ready.length;
  button.querySelector("[data-label]").textContent = ready > 0 ? fill(uploadFiles, files(ready)) : upload;
  // It stands back while there is nothing for it to do.
  button.classList.toggle("button-primary", ready > 0 || queue.uploads.length === 0);
}

/** @param {number} count */
function files(count) {
  const { oneFile, someFiles } = form().dataset;
  return count === 1 ? oneFile : fill(someFiles, count);
}

/** What the chosen files come to, or how many of those that were sent are done. */
function sum() {
  const { chosen } = queue;
  if (chosen.length === 0) {
    const sent = queue.uploads.filter((upload) => !upload.pending);
    const done = sent.filter((upload) => upload.done).length;
    return fill(form().dataset.filesDone, { done, all: sent.length });
  }
  const total = (fact) => chosen.reduce((all, upload) => all + (fact(upload) ?? 0), 0);
  const seconds = Math.round(total((upload) => upload.seconds));
  return [files(chosen.length), seconds > 0 && clock(seconds), size(total((upload) => upload.file.size))].filter(Boolean).join(" · ");
}

/** For how many of the chosen files there is room, where it is not all of them. */
function room() {
  const { chosen, ready } = queue;
  return ready.length < chosen.length ? fill(form().dataset.filesFit, files(ready.length)) : "";
}

function summary() {
  return form() ? [sum(), room()].filter(Boolean).join("; ") : "";
}

/** Readers who look at another tab see how far it is. */
function showInTitle() {
  const { active } = queue;
  const title = document.title.replace(/^\d+% · /, "");
  const total = active.reduce((all, upload) => all + upload.file.size, 0);
  const sent = active.reduce((all, upload) => all + upload.bytes, 0);
  document.title = total > 0 ? `${Math.floor((100 * sent) / total)}% · ${title}` : title;
}

/**
 * A row that is taken off the list may take the focus with it.
 *
 * @param {import("./upload.js").Upload} upload
 * @param {import("./upload.js").Upload|undefined} next
 */
function moveFocus(upload, next) {
  if (!upload.row.element.contains(document.activeElement)) {
    return;
  }
  if (next) {
    next.row.focus();
  } else {
    form().querySelector("input[type=file]").focus();
  }
}

/** Without leaving this document, in which the chosen files are at hand. */
async function leadToLogin() {
  const why = queue.uploads[0].row.text("signIn");
  for (let tries = 0; ; tries++) {
    try {
      await htmx.ajax("GET", "/", { target: "body", headers: { "HX-Boosted": "true" }, push: "true" });
      break;
    } catch {
      await wait(tries); // The server can't be reached.
    }
  }
  if (!form()) {
    showAlert(document.body, why);
  }
}

htmx.onLoad((root) => {
  const opened = root.querySelector("#upload");
  if (opened) {
    attach(opened);
  } else if (root.id === "quota") {
    queue.update(); // There may be more room now, or less.
    queue.hurry();
  }
});

// A session that has ended makes htmx load the login page anew.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const unfinished = queue.uploads.some((upload) => !upload.ended);
  if (event.detail.xhr.getResponseHeader("HX-Redirect") && unfinished) {
    event.preventDefault();
    queue.signOut();
  }
});

// Files may be dropped anywhere: where nobody takes them, the browser opens
// them in place of the page.
for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    if (!form() || !event.dataTransfer?.types.includes("Files")) {
      return;
    }
    event.preventDefault();
    const inside = name === "dragover" || name === "dragenter" || (name === "dragleave" && event.relatedTarget);
    form().querySelector(".dropzone").toggleAttribute("data-over", Boolean(inside));
    if (name === "drop") {
      add([...event.dataTransfer.files]);
    }
  });
}

addEventListener("online", () => queue.hurry());

addEventListener("beforeunload", (event) => {
  if (uploading()) {
    event.preventDefault();
  }
});
