/** The files that were chosen, and which of them are sent when. */

import { fit } from "./fit.js";
import { quota, refreshQuota } from "./quota.js";
import { Upload } from "./upload.js";
import { showVideo } from "./videos.js";

/** More at a time would only share the line. */
const together = 2;

export class UploadQueue {
  /** @type {Upload[]} in the order in which they were chosen */
  uploads = [];
  /** The quota session that they count for. @type {string|undefined} */
  session;
  #signedOut = false;
  #updating = false;
  /** How many new quota widgets are awaited. */
  #refreshes = 0;

  /**
   * @param {object} page
   * @param {() => void} page.changed
   * @param {() => void} page.progressed
   * @param {(upload: Upload, next: Upload|undefined) => void} page.removed
   * @param {() => void} page.signedOut
   */
  constructor(page) {
    this.page = page;
    this.keeper = {
      changed: () => this.#changed(),
      progressed: () => page.progressed(),
      located: (upload) => this.#located(upload),
      released: () => this.#refresh(refreshQuota),
      counted: (upload) => this.#refresh(() => showVideo(upload.id)),
      removed: (upload) => this.#remove(upload),
      signedOut: () => this.signOut(),
    };
  }

  /** Uploads that go on, or try to. */
  get active() {
    return this.uploads.filter((upload) => upload.active);
  }

  /** Uploads that wait for the reader to start them. */
  get chosen() {
    return this.uploads.filter((upload) => upload.pending && !upload.wanted);
  }

  /** Those of them that the quota has room for. */
  get ready() {
    return this.chosen.filter((upload) => upload.state === "ready");
  }

  /**
   * Goes on for whoever is signed in now. What somebody else has chosen is
   * left where it is.
   *
   * @param {string} session
   */
  open(session) {
    if (this.session !== session) {
      this.close();
    }
    this.session = session;
    this.#signedOut = false;
    this.update();
  }

  /** Stops everything; the server keeps what has arrived. */
  close() {
    for (const upload of this.uploads) {
      upload.drop();
    }
    this.uploads = [];
  }

  /**
   * Takes files in. Choosing anew after all has ended begins a new list.
   *
   * @param {Iterable<File>} files
   * @returns {Promise<void>} when it is known how long they are
   */
  add(files) {
    if (this.uploads.every((upload) => upload.ended)) {
      this.uploads = this.uploads.filter((upload) => !upload.done);
    }
    const added = [];
    for (const file of files) {
      const known = this.uploads.find((upload) => !upload.done && upload.isOf(file));
      if (!known) {
        added.push(new Upload(file, this.session, this.keeper));
      } else if (known.ended) {
        known.retry();
      }
    }
    this.uploads.push(...added);
    this.update();
    return this.#look(added);
  }

  /**
   * One after another, since every look opens a decoder.
   *
   * @param {Upload[]} uploads
   */
  async #look(uploads) {
    for (const upload of uploads) {
      await upload.look();
      this.update();
    }
    this.#draw(uploads);
  }

  /** @param {Upload[]} uploads */
  async #draw(uploads) {
    for (const upload of uploads) {
      await upload.draw();
    }
  }

  /** Sends all that fit, and then the others as soon as there is room. */
  send() {
    if (this.ready.length > 0) {
      for (const upload of this.chosen) {
        upload.wanted = true;
      }
      this.update();
    }
  }

  /** Takes off the list what has come to its end. */
  clear() {
    this.uploads = this.uploads.filter((upload) => !upload.done);
    this.#begin();
  }

  /** Where nothing is left of what was sent, the rest waits for the reader again. */
  #begin() {
    if (this.uploads.every((upload) => upload.pending)) {
      this.uploads.forEach((upload) => (upload.wanted = false));
    }
    this.update();
  }

  /** Has what was to be tried later try at once, since something has changed. */
  hurry() {
    for (const upload of this.uploads) {
      upload.transfer.hurry();
    }
  }

  #changed() {
    if (!this.#updating) {
      this.update();
    }
  }

  /**
   * Has a new quota widget loaded, which counts what has come about so far.
   *
   * @param {() => Promise<void>} load
   */
  async #refresh(load) {
    const located = this.uploads.filter((upload) => upload.id);
    const ended = this.uploads.filter((upload) => upload.ended);
    this.#refreshes++;
    try {
      await load();
      located.forEach((upload) => (upload.hasSlot = true));
      ended.forEach((upload) => (upload.settled = true));
    } catch {
      // The alert says that the server can't be reached; the next widget counts it.
    }
    this.#refreshes--;
    this.update();
  }

  /** Looks at everything anew after something has changed. */
  update() {
    this.#updating = true;
    this.#mark();
    this.#start();
    this.#updating = false;
    this.page.changed();
  }

  #mark() {
    const room = quota();
    if (!room || this.#refreshes > 0) {
      return; // It comes back with the form, or is about to change.
    }
    const pending = this.uploads.filter((upload) => upload.pending && upload.looked);
    const going = this.uploads.filter((upload) => !upload.pending && !upload.settled);
    const taken = {
      videos: going.filter((upload) => !upload.hasSlot).length,
      seconds: going.reduce((sum, upload) => sum + (upload.seconds ?? 0), 0),
    };
    const wishes = pending.map(({ file, seconds, hasSlot }) => ({ bytes: file.size, seconds, hasSlot }));
    fit(room, taken, wishes).forEach((refusal, index) => pending[index].mark(refusal));
  }

  #start() {
    if (this.#signedOut) {
      return;
    }
    // While the server lets no more in, those that are in go on alone.
    const held = this.uploads.some((upload) => upload.state === "held");
    for (const upload of this.uploads) {
      const sending = this.uploads.filter(({ state }) => state === "sending" || state === "offline").length;
      if (sending >= together) {
        return;
      }
      if (upload.state === "waiting" && !(held && !upload.hasSlot)) {
        upload.send();
      }
    }
  }

  /** @param {Upload} upload */
  #located(upload) {
    // The list below has it as unfinished since the page was loaded.
    document.querySelector(`#videos [data-video-id="${CSS.escape(upload.id)}"]`)?.remove();
    this.#refresh(refreshQuota);
  }

  /** @param {Upload} upload */
  #remove(upload) {
    const index = this.uploads.indexOf(upload);
    this.uploads.splice(index, 1);
    this.page.removed(upload, this.uploads[index] ?? this.uploads[index - 1]);
    this.#begin();
  }

  /** Lets everything wait until somebody has signed in again. */
  signOut() {
    if (this.#signedOut || this.uploads.length === 0) {
      return;
    }
    this.#signedOut = true;
    for (const upload of this.uploads) {
      if (upload.active || upload.state === "checking") {
        upload.hold();
      }
    }
    this.page.signedOut();
  }
}
