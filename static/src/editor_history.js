/** Undo and redo: what the lines were before each change, and where the reader was. */

/**
 * @typedef {import("./cue.js").Cue} Cue
 * @typedef {{lines: Cue[], place: import("./editor_lines.js").Place|undefined}} Moment
 */

const kept = 500;
const pause = 2_000; // what is typed after it is a change of its own

export class History {
  /** @type {Moment[]} */
  #past = [];
  /** @type {Moment[]} */
  #future = [];
  #tag = "";
  #at = 0;

  /**
   * Keeps what there was before a change. Changes with the same tag in a row
   * are one, as when a word is typed.
   *
   * @param {Moment} before
   * @param {string} tag empty for a change of its own
   */
  add(before, tag) {
    const now = Date.now();
    if (tag === "" || tag !== this.#tag || now - this.#at > pause) {
      this.#past.push(before);
      if (this.#past.length > kept) {
        this.#past.shift();
      }
    }
    this.#future = [];
    this.#tag = tag;
    this.#at = now;
  }

  /** The next change is one of its own, whatever its tag. */
  close() {
    this.#tag = "";
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /**
   * @param {Moment} now
   * @returns {Moment|undefined}
   */
  undo(now) {
    return this.#go(this.#past, this.#future, now);
  }

  /**
   * @param {Moment} now
   * @returns {Moment|undefined}
   */
  redo(now) {
    return this.#go(this.#future, this.#past, now);
  }

  /**
   * @param {Moment[]} from
   * @param {Moment[]} to
   * @param {Moment} now
   */
  #go(from, to, now) {
    const moment = from.pop();
    if (moment) {
      to.push(now);
    }
    this.close();
    return moment;
  }
}
