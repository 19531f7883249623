/** The checkboxes of the list of sessions: all of a page, and what needs one ticked. */

const boxes = () => [...document.querySelectorAll("input[name=session][form=selection]")];

function show() {
  const page = document.querySelector("[data-select-page]");
  if (!page) {
    return;
  }
  const ticked = boxes().filter((box) => box.checked).length;
  page.checked = ticked > 0 && ticked === boxes().length;
  page.indeterminate = ticked > 0 && !page.checked;
  for (const button of document.querySelectorAll("[data-needs-choice]")) {
    button.disabled = ticked === 0;
  }
}

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-select-page]")) {
    for (const box of boxes()) {
      box.checked = target.checked;
    }
  }
  show();
});

document.addEventListener("htmx:load", show);
