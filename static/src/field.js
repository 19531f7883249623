/** Input fields: their messages in the page's language, and passwords to be seen. */

import htmx from "htmx.org";

/** @param {Element} error what a field says of its input */
function inputOf(error) {
  return document.querySelector(`[aria-describedby~="${error.id}"]`);
}

// The browser would speak its own language rather than the page's.
document.addEventListener(
  "invalid",
  ({ target }) => {
    target.setCustomValidity(target.validity.valueMissing ? target.dataset.required : "");
  },
  true,
);

document.addEventListener("input", ({ target }) => {
  target.setCustomValidity?.("");
  // The editor of subtitles looks at its own fields with every key.
  if (!target.closest("#editor")) {
    target.removeAttribute("aria-invalid");
  }
});

htmx.onLoad((root) => {
  for (const button of root.querySelectorAll("[data-toggle-password]")) {
    button.hidden = false;
  }
  if (root.matches(".field-error:not(:empty)")) {
    const input = inputOf(root);
    input.setAttribute("aria-invalid", "true");
    // The first of them is where the reader goes on.
    if (!document.activeElement.matches("[aria-invalid]")) {
      input.focus();
    }
  }
});

document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
  for (const error of elt.querySelectorAll(".field-error")) {
    error.textContent = "";
    inputOf(error).removeAttribute("aria-invalid");
  }
});

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-toggle-password]");
  if (!button) {
    return;
  }
  const input = document.getElementById(button.getAttribute("aria-controls"));
  const show = input.type === "password";
  input.type = show ? "text" : "password";
  button.setAttribute("aria-pressed", String(show));
});

// A password is sent as a password, so that browsers offer to keep it and
// nobody reads it on the screen while the answer is awaited.
document.addEventListener("submit", ({ target }) => {
  for (const button of target.querySelectorAll("[data-toggle-password][aria-pressed=true]")) {
    button.click();
  }
});
