/**
 * Saves the lines a moment after the last change, and says whether they are
 * saved. Whoever saved in between is not overwritten: the server refuses with
 * 412 (If-Match, RFC 9110, section 13.1.1), and the reader chooses.
 */

import { Problem } from "./problem.js";
import { delay } from "./wait.js";

/**
 * @typedef {{start: number, end: number, text: string}} Saved in seconds
 * @typedef {"saved"|"changed"|"saving"|"invalid"|"offline"|"refused"|"conflict"} State
 */

const patience = 1_000;
const keepaliveLimit = 60_000; // bytes that browsers send for a page that is gone

const headers = { Accept: "application/json" };

export class Saver {
  /** @type {State} */
  #state = "saved";
  #changes = 0;
  #savedChanges = 0;
  #tries = 0;
  #doubtful = ""; // what was sent last, when nobody knows whether it arrived
  #overwriting = false; // what somebody else has saved
  #paused = false;
  /** @type {Promise<void>|undefined} */
  #running;
  #timer = 0;

  /**
   * @param {{address: string, video: string, revision: string, cues: () => Saved[], wrong: () => number,
   *   show: (state: State, detail?: string|number) => void, saved: (revision: string) => void}} parts
   *   address takes the text, video is that of the video itself; wrong is the first
   *   line that cannot be saved, 0 for none
   */
  constructor(parts) {
    this.parts = parts;
    this.revision = parts.revision;
  }

  /** Whether something is not on the server yet. */
  get unsaved() {
    return this.#changes !== this.#savedChanges;
  }

  get conflicted() {
    return this.#state === "conflict";
  }

  /** Takes note of a change. */
  changed() {
    this.#changes++;
    if (this.#state === "conflict") {
      return;
    }
    const wrong = this.parts.wrong();
    this.#show(wrong > 0 ? "invalid" : "changed", wrong);
    this.#later(patience);
  }

  /**
   * Saves at once what is not saved yet. Resolves to whether all is saved.
   *
   * @param {{leaving?: boolean}} how leaving when the page may be gone before the answer
   */
  async flush({ leaving = false } = {}) {
    clearTimeout(this.#timer);
    while (this.#running) {
      await this.#running; // Whoever else waited for it may have begun the next.
    }
    if (this.unsaved && this.#state !== "conflict" && !this.#paused) {
      this.#running = this.#save(leaving).finally(() => (this.#running = undefined));
      await this.#running;
    }
    return !this.unsaved;
  }

  /** Lets nothing be saved while the whole text is about to be replaced. */
  pause() {
    this.#paused = true;
    clearTimeout(this.#timer);
  }

  resume() {
    this.#paused = false;
    if (this.unsaved) {
      this.#later(patience);
    }
  }

  /** Nothing is saved from now on. */
  stop() {
    this.pause();
    this.#savedChanges = this.#changes;
  }

  /** Saves over what somebody else has saved. */
  async overwrite() {
    this.#overwriting = true;
    this.#show("changed");
    await this.flush();
  }

  /** @param {number} pause */
  #later(pause) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), pause);
  }

  /**
   * @param {State} state
   * @param {string|number} [detail]
   */
  #show(state, detail) {
    this.#state = state;
    this.parts.show(state, detail);
  }

  /** @param {boolean} leaving */
  async #save(leaving) {
    const wrong = this.parts.wrong();
    if (wrong > 0) {
      this.#show("invalid", wrong);
      return;
    }
    const changes = this.#changes;
    const body = JSON.stringify({ cues: this.parts.cues() });
    if (this.#tries === 0) {
      this.#show("saving");
    }
    try {
      if (this.#overwriting) {
        this.revision = await this.#currentRevision();
      }
      this.#done(await this.#put(body, leaving), changes);
    } catch (error) {
      if (!(error instanceof Problem)) {
        throw error;
      }
      await this.#failed(error, body, changes);
    }
  }

  /**
   * @param {string} revision
   * @param {number} changes that it holds
   */
  #done(revision, changes) {
    this.revision = revision;
    this.#savedChanges = changes;
    this.#tries = 0;
    this.#doubtful = "";
    this.#overwriting = false;
    this.parts.saved(revision);
    if (this.unsaved) {
      this.#later(patience);
    } else {
      this.#show("saved");
    }
  }

  /**
   * @param {Problem} problem
   * @param {string} body
   * @param {number} changes
   */
  async #failed(problem, body, changes) {
    if (this.#paused) {
      return;
    }
    if (problem.status === 412) {
      // It may be our own text that is there, saved before the line broke.
      const revision = this.#doubtful === "" ? undefined : await this.#revisionOf(this.#doubtful);
      if (revision === undefined) {
        this.#overwriting = false;
        this.#show("conflict");
      } else if (this.#doubtful === body) {
        this.#done(revision, changes);
      } else {
        this.revision = revision;
        this.#doubtful = "";
        this.#later(0);
      }
      return;
    }
    if (problem.passes || problem.status >= 500) {
      this.#doubtful = body;
      this.#show("offline");
      this.#later(Math.max(patience, delay(this.#tries++)));
      return;
    }
    this.#show("refused", problem.detail);
  }

  /**
   * Sends the text. Resolves to its new revision.
   *
   * @param {string} body
   * @param {boolean} leaving
   */
  async #put(body, leaving) {
    const { revision } = await ask(this.parts.address, {
      method: "PUT",
      headers: { ...headers, "Content-Type": "application/json", "If-Match": `"${this.revision}"` },
      body,
      keepalive: leaving && body.length * 3 < keepaliveLimit,
    });
    return String(revision);
  }

  async #currentRevision() {
    const { subtitles } = await ask(this.parts.video, { headers });
    return String(subtitles.revision);
  }

  /**
   * The revision that is stored if it has this text, but for the space that the
   * server keeps none of.
   *
   * @param {string} body
   */
  async #revisionOf(body) {
    try {
      const revision = await this.#currentRevision();
      const { cues } = await ask(this.parts.address, { headers });
      return tidied(cues) === tidied(JSON.parse(body).cues) ? revision : undefined;
    } catch {
      return undefined;
    }
  }
}

/**
 * Lines to be compared.
 *
 * @param {Saved[]} cues
 */
function tidied(cues) {
  const lines = cues.toSorted((one, other) => one.start - other.start);
  return JSON.stringify(lines.map(({ start, end, text }) => [start, end, text.replace(/\s+/g, " ").trim()]));
}

/**
 * Resolves to the JSON of the answer. One that breaks off may have been heard.
 *
 * @param {string} address
 * @param {RequestInit} options
 */
async function ask(address, options) {
  let problem;
  try {
    const response = await fetch(address, options);
    if (response.ok) {
      return await response.json();
    }
    problem = new Problem(response.status, await response.text());
  } catch {
    problem = new Problem(0);
  }
  throw problem;
}
