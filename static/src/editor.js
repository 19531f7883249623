/** Makes an editor of a transcript: fields for each line, undo for whatever is done. */

import { announce } from "./announce.js";
import { player } from "./captions.js";
import { formatTime, parseTime } from "./cue.js";
import { History } from "./editor_history.js";
import { toolOf } from "./editor_keys.js";
import { add, changed, merge, newCue, remove, split } from "./editor_lines.js";
import { Rows } from "./editor_rows.js";
import { Saver } from "./editor_save.js";
import { SaveState } from "./editor_state.js";
import { fill } from "./format.js";
import { Transcript } from "./transcript.js";

/**
 * @typedef {import("./cue.js").Cue} Cue
 * @typedef {import("./editor_lines.js").Place} Place
 * @typedef {import("./editor_lines.js").Step} Step
 */

/**
 * The lines as the server sent them.
 *
 * @param {HTMLElement} list
 */
function linesOf(list) {
  return [...list.children].map((item) =>
    newCue(formatTime(Number(item.dataset.start)), formatTime(Number(item.dataset.end)), item.querySelector(".cue-read").textContent),
  );
}

export class Editor {
  #root;
  #box;
  #rows;
  #history = new History();
  #ended = new AbortController();
  #media = player();
  /** @type {Transcript|undefined} */
  #transcript;
  /** @type {Cue[]} */
  #lines;
  #wrong = 0;
  /** @type {Place|undefined} where the reader is, or was last */
  #place;

  /**
   * @param {HTMLElement} root #editor
   * @param {{revision: string, saved: (revision: string) => void, reload: () => void, edited: () => void}} section
   *   saved and edited are told of, reload drops what is here for what is stored
   */
  constructor(root, section) {
    this.#root = root;
    this.section = section;
    const list = root.querySelector("#cues");
    this.#box = root.querySelector("#cues-box");
    this.#lines = linesOf(list);
    list.replaceChildren();
    this.#rows = new Rows(list, root.querySelector("#cue-row"));
    this.#box.removeAttribute("tabindex"); // The fields in it take the keyboard.
    const state = new SaveState(root.closest("section"), {
      again: () => this.saver.flush(),
      theirs: section.reload,
      mine: () => this.saver.overwrite(),
      signal: this.#ended.signal,
    });
    this.saver = new Saver({
      address: root.dataset.save,
      video: root.dataset.videoPath,
      revision: section.revision,
      cues: () => this.#cues(),
      wrong: () => this.#wrong,
      show: (name, detail) => state.show(name, detail),
      saved: section.saved,
    });
    this.#listen(list);
    this.#show();
  }

  /** Ends all that goes on; what is not saved is lost. */
  end() {
    this.#ended.abort();
    this.saver.stop();
  }

  /** @param {HTMLElement} list */
  #listen(list) {
    const { signal } = this.#ended;
    const root = this.#root;
    root.addEventListener("input", ({ target }) => this.#typed(target), { signal });
    root.addEventListener("beforeinput", (event) => this.#undoFromMenu(event), { signal });
    root.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    root.addEventListener("click", ({ target }) => this.#clicked(target), { signal });
    root.addEventListener("focusin", ({ target }) => this.#focused(target), { signal });
    root.addEventListener("focusout", ({ target }) => this.#left(target), { signal });
    // The button takes neither the caret nor, on a phone, the keyboard away.
    root.addEventListener("pointerdown", (event) => event.target.closest("[data-tool]") && event.preventDefault(), { signal });
    root.addEventListener("mousedown", (event) => event.target.closest("[data-tool]") && event.preventDefault(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden && this.saver.flush({ leaving: true }), { signal });
    window.addEventListener("pagehide", () => this.saver.flush({ leaving: true }), { signal });
    window.addEventListener("online", () => this.saver.flush(), { signal });
    window.addEventListener("beforeunload", (event) => this.#beforeLeaving(event), { signal });
    if (this.#media) {
      this.#transcript = new Transcript(this.#media, this.#box, list, signal);
    }
  }

  /**
   * Saves before the next page is asked for, which may be this one again.
   *
   * @param {BeforeUnloadEvent} event
   */
  #beforeLeaving(event) {
    if (this.saver.unsaved) {
      this.saver.flush({ leaving: true });
      event.preventDefault();
    }
  }

  #cues() {
    return this.#lines
      .filter(({ text }) => text.trim() !== "")
      .map(({ start, end, text }) => ({ start: parseTime(start) / 1000, end: parseTime(end) / 1000, text }));
  }

  get #index() {
    return this.#lines.findIndex(({ id }) => id === this.#place?.id);
  }

  /** Milliseconds of the playhead. */
  get #now() {
    return (this.#media?.currentTime ?? 0) * 1000;
  }

  #show() {
    this.#wrong = this.#rows.show(this.#lines);
    this.#transcript?.show();
    this.#showTools();
  }

  #showTools() {
    const index = this.#index;
    const can = {
      play: Boolean(this.#media),
      start: index >= 0 && Boolean(this.#media),
      end: index >= 0 && Boolean(this.#media),
      split: index >= 0,
      merge: index > 0,
      add: true,
      delete: index >= 0,
      undo: this.#history.canUndo,
      redo: this.#history.canRedo,
    };
    for (const button of this.#root.querySelectorAll("[data-tool]")) {
      button.disabled = !can[button.dataset.tool];
    }
  }

  /**
   * Puts other lines in the place of those there are.
   *
   * @param {Cue[]} lines
   * @param {string} [tag] of changes that belong together
   */
  #change(lines, tag = "") {
    this.#history.add({ lines: this.#lines, place: this.#place }, tag);
    this.#lines = lines;
    this.#show();
    this.section.edited();
    this.saver.changed();
  }

  /** @param {Element} target */
  #typed(target) {
    const { field } = target.dataset;
    const id = Number(target.closest("[data-cue]")?.dataset.id);
    const index = this.#lines.findIndex((cue) => cue.id === id);
    if (field && index >= 0) {
      this.#change(changed(this.#lines, index, { [field]: target.value }), `${field} ${id}`);
    }
  }

  /** @param {InputEvent} event */
  #undoFromMenu(event) {
    const tool = { historyUndo: "undo", historyRedo: "redo" }[event.inputType];
    if (tool) {
      event.preventDefault();
      this.#use(tool);
    }
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const tool = toolOf(event);
    if (tool) {
      event.preventDefault();
      this.#use(tool);
    }
  }

  /** @param {Element} target */
  #clicked(target) {
    const button = target.closest("[data-tool]");
    const seek = target.closest("[data-seek]");
    if (button) {
      this.#use(button.dataset.tool);
    } else if (seek) {
      this.#transcript?.seek(Number(seek.closest("[data-cue]").dataset.start));
    }
  }

  /** @param {Element} target */
  #focused(target) {
    const row = target.closest("[data-cue]");
    if (row) {
      this.#here()?.classList.remove("cue-here");
      row.classList.add("cue-here");
      this.#place = { id: Number(row.dataset.id), field: target.dataset.field ?? "text" };
      this.#showTools();
    }
  }

  /** @param {Element} target */
  #left(target) {
    const { field } = target.dataset;
    const cue = this.#lines[this.#index];
    if (!field || !cue) {
      return;
    }
    this.#history.close();
    const time = parseTime(target.value);
    if (field !== "text" && !Number.isNaN(time) && cue[field] !== formatTime(time) && target.value === cue[field]) {
      // The same time as it is always written; nobody has to undo that.
      this.#lines = changed(this.#lines, this.#index, { [field]: formatTime(time) });
      this.#show();
    }
    this.saver.flush();
  }

  #here() {
    return this.#rows.row(this.#place?.id)?.element;
  }

  /** @param {string} tool as in data-tool, or of a key */
  #use(tool) {
    const index = this.#index;
    switch (tool) {
      case "play":
        return this.#play();
      case "undo":
        return this.#travel(this.#history.undo({ lines: this.#lines, place: this.#place }), this.#root.dataset.undone);
      case "redo":
        return this.#travel(this.#history.redo({ lines: this.#lines, place: this.#place }), this.#root.dataset.redone);
      case "add":
        return this.#step(add(this.#lines, index >= 0 ? index : this.#lines.length - 1, this.#now), "added");
    }
    if (index < 0) {
      return undefined;
    }
    switch (tool) {
      case "start":
      case "end":
        return this.#media && this.#change(changed(this.#lines, index, { [tool]: formatTime(this.#now) }));
      case "split":
        return this.#step(split(this.#lines, index, this.#caret()), "split");
      case "merge":
        return index > 0 && this.#step(merge(this.#lines, index), "merged");
      case "delete":
        return this.#step(remove(this.#lines, index), "deleted");
      case "previous":
        return this.#moveTo(index - 1);
      case "next":
        return this.#moveTo(index + 1);
      case "seek":
        return this.#seek(index);
    }
    return undefined;
  }

  #play() {
    if (this.#media?.paused) {
      this.#media.play().catch(() => {}); // The player says itself what it cannot play.
    } else {
      this.#media?.pause();
    }
  }

  #caret() {
    return this.#rows.row(this.#place.id).fields.text.selectionStart;
  }

  /** @param {number} index */
  #seek(index) {
    const time = parseTime(this.#lines[index][this.#place.field === "end" ? "end" : "start"]);
    if (!Number.isNaN(time)) {
      this.#transcript?.seek(time);
    }
  }

  /** @param {number} index */
  #moveTo(index) {
    const cue = this.#lines[index];
    if (cue) {
      this.#focus({ id: cue.id, field: this.#place.field, caret: 0 });
    }
  }

  /**
   * @param {Step} step
   * @param {string} said name of the text that says what was done
   */
  #step({ lines, place, line }, said) {
    this.#change(lines);
    this.#focus(place);
    announce(fill(this.#root.dataset[said], line));
  }

  /**
   * @param {import("./editor_history.js").Moment|undefined} moment
   * @param {string} said
   */
  #travel(moment, said) {
    if (!moment) {
      return;
    }
    this.#lines = moment.lines;
    this.#show();
    if (moment.place) {
      this.#focus(moment.place);
    }
    this.section.edited();
    this.saver.changed();
    announce(said);
  }

  /** @param {Place|undefined} place */
  #focus(place) {
    const row = this.#rows.row(place?.id);
    if (!row) {
      this.#place = undefined;
      this.#showTools();
      this.#root.querySelector("[data-tool=add]").focus();
      return;
    }
    const field = row.fields[place.field] ?? row.fields.text;
    field.focus({ preventScroll: true });
    if (place.caret !== undefined && place.field === "text") {
      field.setSelectionRange(place.caret, place.caret);
    }
    this.#reveal(row.element);
  }

  /**
   * Scrolls the box alone, never the page.
   *
   * @param {Element} row
   */
  #reveal(row) {
    const box = this.#box.getBoundingClientRect();
    const { top, bottom } = row.getBoundingClientRect();
    if (top < box.top) {
      this.#box.scrollBy({ top: top - box.top - 8, behavior: "instant" });
    } else if (bottom > box.bottom) {
      this.#box.scrollBy({ top: bottom - box.bottom + 8, behavior: "instant" });
    }
  }
}
