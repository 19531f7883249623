/** Says whether the lines are saved, and asks what to do when somebody else saved too. */

import { announce } from "./announce.js";
import { fill } from "./format.js";

const spoken = ["invalid", "offline", "refused", "conflict"];

/** After a dialog Chromium gives a field its focus back, but no caret to type at. */
function giveCaretBack() {
  const field = document.activeElement;
  if (field.matches("[data-field]")) {
    field.blur();
    field.focus({ preventScroll: true });
  }
}

export class SaveState {
  #state;
  #again;
  #dialog;
  #spoken = "";

  /**
   * @param {HTMLElement} section
   * @param {{again: () => void, theirs: () => void, mine: () => void, signal: AbortSignal}} choices
   */
  constructor(section, { again, theirs, mine, signal }) {
    this.#state = section.querySelector("#save-state");
    this.#again = section.querySelector("#save-again");
    this.#dialog = section.querySelector("#conflict");
    this.#again.addEventListener("click", () => (this.#conflicted ? this.#ask() : again()), { signal });
    const answers = { theirs, mine };
    this.#dialog.addEventListener("submit", ({ submitter }) => answers[submitter.value](), { signal });
    this.#dialog.addEventListener("close", giveCaretBack, { signal });
  }

  get #conflicted() {
    return this.#state.dataset.state === "conflict";
  }

  /**
   * @param {import("./editor_save.js").State} name
   * @param {string|number} [detail] the line, or what is wrong
   */
  show(name, detail) {
    const { dataset } = this.#state;
    const words = fill(name === "refused" && !detail ? dataset.failed : dataset[name], detail ?? "");
    dataset.state = name;
    this.#state.querySelector("[data-words]").textContent = words;
    this.#again.hidden = !["offline", "refused", "conflict"].includes(name);
    this.#again.textContent = name === "conflict" ? this.#again.dataset.decide : this.#again.dataset.save;
    this.#speak(name, words);
    if (name === "conflict") {
      this.#ask();
    }
  }

  /**
   * Says what is news: that it is not saved, and once that it is again.
   *
   * @param {string} name
   * @param {string} words
   */
  #speak(name, words) {
    if (spoken.includes(name)) {
      if (this.#spoken !== words) {
        this.#spoken = words;
        announce(words);
      }
    } else if (name === "saved" && this.#spoken !== "") {
      this.#spoken = "";
      announce(words);
    }
  }

  #ask() {
    if (!this.#dialog.open) {
      this.#dialog.showModal();
    }
  }
}
