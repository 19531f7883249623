/** Asks before something is done that cannot be undone, in the page's own dialog. */

import { stopUploads, uploading } from "./uploader.js";

/**
 * Resolves to whether the answer was yes.
 *
 * @param {{title: string, detail: string, label: string}} question
 * @returns {Promise<boolean>}
 */
export function ask({ title, detail, label }) {
  const dialog = document.querySelector("#confirm");
  dialog.querySelector("#confirm-title").textContent = title;
  dialog.querySelector("#confirm-detail").textContent = detail;
  dialog.querySelector("[data-confirm=yes]").textContent = label;
  dialog.showModal();
  return new Promise((resolve) => {
    // The answer is taken when it is given. The event "close" comes later, when
    // the next question may be open already, and would answer that one as well.
    const answered = new AbortController();
    const { signal } = answered;
    const answer = (yes) => {
      answered.abort();
      resolve(yes);
    };
    dialog.querySelector("form").addEventListener("submit", ({ submitter }) => answer(submitter.value === "yes"), { signal });
    dialog.addEventListener("cancel", () => answer(false), { signal });
    dialog.addEventListener("close", () => dialog.open || answer(false), { signal });
  });
}

document.addEventListener("htmx:confirm", async (event) => {
  const { elt, question, issueRequest } = event.detail;
  if (question) {
    event.preventDefault();
    const { confirmDetail, confirmLabel } = elt.dataset;
    if (await ask({ title: question, detail: confirmDetail, label: confirmLabel })) {
      issueRequest(true);
    }
    return;
  }
  // Uploads go on while other pages of the site are open, but not signed out.
  const { leaveTitle, leaveDetail, leaveLabel } = elt.dataset;
  if (leaveTitle && uploading()) {
    event.preventDefault();
    if (await ask({ title: leaveTitle, detail: leaveDetail, label: leaveLabel })) {
      stopUploads();
      issueRequest(true);
    }
  }
});
