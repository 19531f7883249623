/** Follows the video in its text: marks what is said, and keeps it in sight. */

const readersTurn = 4_000; // milliseconds after the reader has scrolled

export class Transcript {
  #media;
  #box;
  #list;
  #scrolledAt = 0;
  /** @type {Element|undefined} */
  #current;

  /**
   * @param {HTMLMediaElement} media
   * @param {HTMLElement} box that scrolls
   * @param {HTMLElement} list of rows with data-start and data-end in milliseconds
   * @param {AbortSignal} signal
   */
  constructor(media, box, list, signal) {
    this.#media = media;
    this.#box = box;
    this.#list = list;
    for (const name of ["timeupdate", "seeking", "seeked"]) {
      media.addEventListener(name, () => this.show(), { signal });
    }
    for (const name of ["wheel", "touchmove", "pointerdown", "keydown"]) {
      const scrolled = () => {
        this.#scrolledAt = performance.now();
      };
      box.addEventListener(name, scrolled, { signal, passive: true });
    }
  }

  /** Marks the line under the playhead. */
  show() {
    const current = this.#at(this.#media.currentTime * 1000);
    if (current !== this.#current) {
      this.#current?.removeAttribute("aria-current");
      current?.setAttribute("aria-current", "true");
      this.#current = current;
    }
    if (current && this.#mayScroll()) {
      this.#reveal(current);
    }
  }

  /**
   * @param {number} start milliseconds
   */
  seek(start) {
    this.#media.currentTime = start / 1000;
    this.show();
  }

  /**
   * The last line that has begun and not ended; the rows are in their order.
   *
   * @param {number} now
   */
  #at(now) {
    let found;
    for (const row of this.#list.children) {
      if (Number(row.dataset.start) > now) {
        break;
      }
      if (Number(row.dataset.end) > now) {
        found = row;
      }
    }
    return found;
  }

  #mayScroll() {
    const typing = this.#box.contains(document.activeElement) && document.activeElement.matches("input, textarea");
    return !typing && performance.now() - this.#scrolledAt > readersTurn;
  }

  /** @param {Element} row */
  #reveal(row) {
    const box = this.#box.getBoundingClientRect();
    const { top, bottom, height } = row.getBoundingClientRect();
    if (top >= box.top && bottom <= box.bottom) {
      return;
    }
    const distance = top - box.top - (box.height - height) / 3;
    const near = Math.abs(distance) < 2 * box.height && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#box.scrollBy({ top: distance, behavior: near ? "smooth" : "instant" });
  }
}
