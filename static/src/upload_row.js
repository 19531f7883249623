/** What the reader sees of one file on its way: its row, which the page has a template of. */

import { clock, fill, size } from "./format.js";
import { Speed } from "./speed.js";

/** How often the figures change, so that they can be read. */
const figuresEvery = 500;

/** What the buttons do in each state: the name of a method of Upload. */
const actions = {
  ready: { close: "remove" },
  unfit: { close: "remove" },
  waiting: { close: "cancel" },
  sending: { toggle: "pause", close: "cancel" },
  offline: { toggle: "pause", close: "cancel" },
  held: { toggle: "pause", close: "cancel" },
  paused: { toggle: "resume", close: "cancel" },
  checking: {},
  cancelling: { close: "remove" },
  counted: { close: "remove" },
  refused: { close: "remove" },
  cancelled: { toggle: "retry", close: "remove" },
  failed: { toggle: "retry", close: "remove" },
};

/** The states in which there is something wrong, which is said at once. */
const troubles = ["unfit", "refused", "failed"];

/** The states in which a part of the file has been sent. */
const underway = ["sending", "offline", "held", "paused", "checking", "cancelling"];

export class UploadRow {
  /**
   * @param {File} file
   * @param {(action: string) => void} act
   */
  constructor(file, act) {
    const template = document.querySelector("#upload-row");
    this.element = document.importNode(template.content, true).firstElementChild;
    this.file = file;
    this.toggle = this.#find("[data-toggle]");
    this.close = this.#find("[data-close]");
    this.bar = this.#find("progress");
    this.bar.ariaLabel = fill(this.bar.ariaLabel, file.name);
    this.#find("[data-name]").textContent = file.name;
    this.#find(".thumb").classList.toggle("thumb-sound", file.type.startsWith("audio/"));
    this.describe(undefined);
    for (const button of [this.toggle, this.close]) {
      button.addEventListener("click", () => act(button.dataset.action));
    }
  }

  /** @param {string} selector */
  #find(selector) {
    return this.element.querySelector(selector);
  }

  /** @param {number|undefined} seconds where the browser can tell */
  describe(seconds) {
    const facts = [size(this.file.size)];
    if (seconds !== undefined) {
      facts.push(clock(Math.round(seconds)));
    }
    this.#find("[data-facts]").textContent = facts.join(" · ");
  }

  /** Where a frame of the video can be drawn. */
  get canvas() {
    return this.#find("canvas");
  }

  /**
   * A text of the page in the reader's language.
   *
   * @param {string} name
   * @param {string|number|Record<string, string|number>} values
   */
  text(name, values = {}) {
    return fill(this.element.dataset[name], values);
  }

  /** @param {string|undefined} code why the server rejected the video */
  rejection(code) {
    return this.element.getAttribute(`data-rejected-${code}`) ?? this.text("rejected");
  }

  /**
   * @param {string} state
   * @param {string} text
   */
  show(state, text) {
    const focused = document.activeElement;
    this.element.dataset.state = state;
    this.speed = new Speed();
    const trouble = troubles.includes(state);
    this.#find("[data-status]").textContent = trouble ? "" : text;
    this.#find("[data-reason]").textContent = trouble ? text : "";
    this.bar.hidden = !underway.includes(state);
    if (state === "checking") {
      this.bar.removeAttribute("value");
    }
    this.#arm(this.toggle, actions[state].toggle);
    this.#arm(this.close, actions[state].close);
    if (focused.hidden && this.element.contains(focused)) {
      this.focus();
    }
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {string|undefined} action undefined when there is nothing to do
   */
  #arm(button, action) {
    button.hidden = !action;
    if (action) {
      button.dataset.action = action;
      button.ariaLabel = fill(button.dataset[action], this.file.name);
      button.title = button.ariaLabel;
    }
  }

  /** Puts the focus on the first of its buttons, or else on the row. */
  focus() {
    const button = [this.toggle, this.close].find((b) => !b.hidden);
    (button ?? this.element).focus();
  }

  /** @param {number} bytes of the file that were sent */
  progress(bytes) {
    const now = performance.now();
    this.speed.add(bytes, now);
    this.bar.value = (100 * bytes) / this.file.size;
    if (this.element.dataset.state === "sending" && !(now - this.said < figuresEvery)) {
      this.said = now;
      this.#find("[data-status]").textContent = this.#figures(bytes);
    }
  }

  /** @param {number} bytes */
  #figures(bytes) {
    const percent = `${Math.floor((100 * bytes) / this.file.size)}%`;
    const { perSecond } = this.speed;
    if (!perSecond) {
      return percent;
    }
    const left = clock(Math.ceil((this.file.size - bytes) / perSecond));
    return this.text("progress", { percent, speed: size(perSecond), left });
  }
}
