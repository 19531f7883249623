/** Keeps the keyboard where the reader is when parts of the page are swapped. */

/** @type {Element|null} what had the focus when a request began, and lost it by being disabled */
let waiting = null;

document.addEventListener("htmx:beforeRequest", () => {
  waiting = document.activeElement;
});

document.addEventListener("htmx:afterRequest", () => {
  if (document.activeElement === document.body && waiting?.isConnected) {
    waiting.focus();
  }
});

// A new page is read from its heading, unless it asks for the focus elsewhere.
document.addEventListener("htmx:afterSettle", ({ detail: { target } }) => {
  if (target === document.body && document.activeElement === document.body) {
    document.querySelector("h1").focus();
  }
});

// What is taken off a list takes its button with it; the next one is where the
// reader was.
document.addEventListener("htmx:beforeSwap", ({ detail: { target, requestConfig, isError } }) => {
  if (requestConfig.verb === "delete" && !isError && target.contains(document.activeElement)) {
    const neighbour = target.nextElementSibling ?? target.previousElementSibling;
    (neighbour?.querySelector("button") ?? target.closest("section").querySelector("h2")).focus();
  }
});

// The link to more videos goes with the last of them; the first new one is next.
document.addEventListener("htmx:beforeSwap", ({ detail: { target, requestConfig } }) => {
  if (requestConfig.elt.id === "more-videos-link") {
    const last = target.lastElementChild;
    target.addEventListener(
      "htmx:afterSettle",
      () => {
        if (document.activeElement === document.body) {
          last.nextElementSibling?.querySelector("a, button")?.focus();
        }
      },
      { once: true },
    );
  }
});

// The language switch leads back to where the reader has come by now.
for (const name of ["htmx:pushedIntoHistory", "htmx:replacedInHistory"]) {
  document.addEventListener(name, () => {
    for (const input of document.querySelectorAll("[data-current-path]")) {
      input.value = location.pathname + location.search;
    }
  });
}
