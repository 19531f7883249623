/** Tells screen readers of changes that the eye sees. */

const spokenFor = 10_000;

/** @param {string} text */
function announce(text) {
  const line = document.createElement("p");
  line.textContent = text;
  document.querySelector("#announcer").append(line);
  setTimeout(() => line.remove(), spokenFor);
}

// What was swapped in may carry a text that sums it up.
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (elt.dataset.announce && elt !== document.body) {
    announce(elt.dataset.announce);
  }
});

// What was done may have left nothing behind.
document.addEventListener("htmx:afterRequest", ({ detail: { requestConfig, successful } }) => {
  if (successful && requestConfig.elt.dataset.done) {
    announce(requestConfig.elt.dataset.done);
  }
});
