/** The upload form: what is refused before it is sent, and how far it has come. */

import htmx from "htmx.org";
import { showAlert } from "./alert.js";
import { durationOf } from "./duration.js";
import { clock, fill, size } from "./format.js";

/** @type {Upload|null} the one under way */
let running = null;

/** The form of the upload under way, if there is one. */
export function runningUpload() {
  return running?.form;
}

/** Ends the upload under way. */
export function abortUpload() {
  running?.xhr.abort();
}

class Upload {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    this.input = form.querySelector("input[type=file]");
    this.bar = form.querySelector("progress");
    form.querySelector("[data-cancel]").addEventListener("click", () => this.cancel());
    this.input.addEventListener("change", () => this.choose());
    form.addEventListener("htmx:confirm", (event) => this.confirm(event));
    form.addEventListener("htmx:beforeSend", ({ detail: { xhr } }) => this.start(xhr));
    form.addEventListener("htmx:afterRequest", ({ detail }) => this.finish(detail.successful));
    this.followDrags(form.querySelector(".dropzone"));
  }

  /** @param {HTMLElement} zone */
  followDrags(zone) {
    for (const name of ["dragenter", "dragleave", "drop"]) {
      zone.addEventListener(name, () => zone.toggleAttribute("data-over", name === "dragenter"));
    }
    // The input takes no second file, and the browser would say nothing of it.
    zone.addEventListener("drop", (event) => {
      if (event.dataTransfer.files.length > 1) {
        event.preventDefault();
        showAlert(this.form, this.form.dataset.oneFile);
      }
    });
  }

  /** Shows the file that was chosen and says at once why it cannot be sent. */
  async choose() {
    const [file] = this.input.files;
    this.say("");
    showAlert(this.form, "");
    this.form.querySelector("[data-chosen]").hidden = !file;
    if (!file) {
      return;
    }
    this.form.querySelector("[data-chosen-name]").textContent = file.name;
    const facts = this.form.querySelector("[data-chosen-facts]");
    facts.textContent = size(file.size);
    this.duration = durationOf(file);
    const seconds = await this.duration;
    if (this.input.files[0] !== file) {
      return;
    }
    if (seconds !== undefined) {
      facts.textContent = `${size(file.size)} · ${clock(Math.round(seconds))}`;
    }
    showAlert(this.form, this.refusal(file, seconds));
  }

  /**
   * Why the quota has no room for the file; empty when it has.
   *
   * @param {File} file
   * @param {number|undefined} seconds
   */
  refusal(file, seconds) {
    const texts = this.form.dataset;
    const quota = document.querySelector("#quota").dataset;
    const maxBytes = Number(quota.maxBytes);
    const remaining = Number(quota.remainingMs) / 1000;
    if (file.size > maxBytes) {
      return fill(texts.tooBig, size(file.size), size(maxBytes));
    }
    if (Number(quota.remainingVideos) <= 0) {
      return texts.noVideos;
    }
    if (remaining <= 0) {
      return texts.noMinutes;
    }
    if (seconds > remaining) {
      return fill(texts.tooLong, clock(Math.ceil(seconds)), clock(Math.floor(remaining)));
    }
    return "";
  }

  /** @param {CustomEvent} event htmx:confirm, which can be answered later */
  async confirm(event) {
    if (event.target !== this.form) {
      return;
    }
    event.preventDefault();
    const [file] = this.input.files;
    const refusal = this.refusal(file, await this.duration);
    showAlert(this.form, refusal);
    if (!refusal) {
      event.detail.issueRequest(true);
    }
  }

  /** @param {XMLHttpRequest} xhr */
  start(xhr) {
    running = this;
    this.xhr = xhr;
    this.cancelled = false;
    this.show(true);
    this.say("");
    const began = performance.now();
    xhr.upload.addEventListener("progress", ({ loaded, total }) => this.progress(loaded, total, began));
    xhr.upload.addEventListener("load", () => {
      this.bar.removeAttribute("value");
      this.form.querySelector("[data-progress-text]").textContent = "";
      this.say(this.form.dataset.measuring);
    });
  }

  /**
   * @param {number} loaded bytes
   * @param {number} total bytes
   * @param {number} began in the milliseconds of performance.now
   */
  progress(loaded, total, began) {
    if (loaded === 0) {
      return;
    }
    const perSecond = loaded / Math.max(0.001, (performance.now() - began) / 1000);
    const percent = Math.floor((100 * loaded) / total);
    this.bar.value = percent;
    this.form.querySelector("[data-progress-text]").textContent = fill(
      this.form.dataset.progress,
      `${percent}%`,
      size(perSecond),
      clock(Math.ceil((total - loaded) / perSecond)),
    );
  }

  cancel() {
    this.cancelled = true;
    this.xhr.abort();
  }

  /** @param {boolean} successful */
  finish(successful) {
    running = null;
    this.show(false);
    if (successful) {
      const { name } = this.input.files[0];
      this.form.reset();
      this.choose();
      this.say(fill(this.form.dataset.finished, name));
      this.input.focus();
    } else {
      this.say(this.cancelled ? this.form.dataset.cancelled : "");
      this.form.querySelector("[type=submit]").focus();
    }
  }

  /** @param {boolean} uploading */
  show(uploading) {
    this.form.setAttribute("aria-busy", String(uploading));
    this.form.querySelector("[data-running]").hidden = !uploading;
    this.form.querySelector(".dropzone").inert = uploading;
    this.bar.value = 0;
  }

  /** @param {string} text for the eyes and for screen readers */
  say(text) {
    this.form.querySelector("[role=status]").textContent = text;
  }
}

htmx.onLoad((root) => {
  const form = root.querySelector("#upload");
  if (form) {
    new Upload(form);
  }
});

addEventListener("beforeunload", (event) => {
  if (running) {
    event.preventDefault();
  }
});
