/** Tells screen readers of changes that the eye sees. */

const spokenFor = 10_000;

/** @param {string} text */
export function announce(text) {
  const line = document.createElement("p");
  line.textContent = text;
  document.querySelector("#announcer").append(line);
  setTimeout(() => line.remove(), spokenFor);
}

/** @type {Map<string, string>} by the id of what it sums up */
const sums = new Map();

// What was swapped in may carry a text that sums it up. It is news when it has
// changed, or when the reader asked for it, which nobody does who only waits.
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  for (const part of elt.querySelectorAll("[data-announce]")) {
    sums.set(part.id, part.dataset.announce);
  }
  const text = elt.dataset.announce;
  const asked = elt.contains(document.activeElement) && !("poll" in elt.dataset);
  if (text && (text !== sums.get(elt.id) || asked)) {
    sums.set(elt.id, text);
    announce(text);
  }
});

// What was done may have left nothing behind.
document.addEventListener("htmx:afterRequest", ({ detail: { requestConfig, successful } }) => {
  if (successful && requestConfig.elt.dataset.done) {
    announce(requestConfig.elt.dataset.done);
  }
});
