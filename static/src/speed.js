/** How fast an upload has gone in its last seconds, since the line's speed changes. */

const span = 8_000;
const enough = 1_000;

export class Speed {
  /** @type {{bytes: number, at: number}[]} */
  #seen = [];

  /**
   * @param {number} bytes sent so far
   * @param {number} at milliseconds
   */
  add(bytes, at) {
    this.#seen.push({ bytes, at });
    while (this.#seen[0].at < at - span) {
      this.#seen.shift();
    }
  }

  /** Bytes a second; undefined until there is something to go by. */
  get perSecond() {
    const first = this.#seen.at(0);
    const last = this.#seen.at(-1);
    if (!first || !last || last.at - first.at < enough || last.bytes <= first.bytes) {
      return undefined;
    }
    return ((last.bytes - first.bytes) * 1000) / (last.at - first.at);
  }
}
