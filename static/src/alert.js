/** Says in the page what went wrong with a request. */

/**
 * The alert of the form that an element belongs to, else that of the page.
 *
 * @param {Element} element
 */
function alertFor(element) {
  const form = element.closest("[data-alert]");
  return document.querySelector(form?.dataset.alert ?? "#page-alert");
}

/**
 * @param {Element} element where the request came from
 * @param {string} message empty when all is well
 */
export function showAlert(element, message) {
  alertFor(element).textContent = message;
}

/** @param {Element} element where the request came from */
function showUnreachable(element) {
  if ("poll" in element.dataset) {
    return; // Nobody has asked for anything, and it is asked again soon.
  }
  showAlert(element, document.querySelector("#announcer").dataset.unreachable);
}

document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => showAlert(elt, ""));

document.addEventListener("htmx:sendError", ({ detail: { elt } }) => showUnreachable(elt));
document.addEventListener("htmx:timeout", ({ detail: { elt } }) => showUnreachable(elt));

// Our own server says where its errors go, or sends a whole page of the site.
// Whatever else has an error status comes from a proxy whose server is away.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = event;
  if (!detail.isError || detail.xhr.getResponseHeader("HX-Retarget")) {
    return;
  }
  if (detail.boosted && detail.serverResponse.includes('<main id="main"')) {
    return;
  }
  detail.shouldSwap = false;
  showUnreachable(detail.requestConfig.elt);
});

// An answer that leaves the page where it was is not a step in its history.
document.addEventListener("htmx:beforeHistoryUpdate", ({ detail }) => {
  if (detail.failed && detail.target !== document.body) {
    detail.history.type = "replace";
    detail.history.path = location.pathname + location.search;
  }
});
