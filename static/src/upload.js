/** One file, from being chosen to being counted or refused. */

import { announce } from "./announce.js";
import { durationOf } from "./duration.js";
import { clock, size } from "./format.js";
import { drawFrame } from "./frame.js";
import { forget, recall } from "./memory.js";
import { smallest } from "./piece.js";
import { Problem } from "./problem.js";
import { Transfer } from "./transfer.js";
import { UploadRow } from "./upload_row.js";
import { measured } from "./watch.js";

/** Every so many percent are told to screen readers. */
const milestone = 25;

/**
 * @typedef {object} Keeper what an upload tells of itself
 * @property {() => void} changed its state
 * @property {() => void} progressed
 * @property {(upload: Upload) => void} located the server has it
 * @property {() => void} released it holds a slot of the quota no more
 * @property {(upload: Upload) => void} counted
 * @property {(upload: Upload) => void} removed
 * @property {() => void} signedOut
 */

export class Upload {
  state = "ready";
  /** @type {number|undefined} where the browser can tell */
  seconds;
  /** Whether the browser has been asked how long the video is. */
  looked = false;
  /** Whether it is to be sent as soon as there is room. */
  wanted = false;
  /** Dropped: its later events are ignored. */
  #dropped = false;
  /** The check of the bytes that counts; those that were held up do not. */
  #checks = 0;

  /**
   * @param {File} file
   * @param {string} session the quota session of the user
   * @param {Keeper} keeper
   */
  constructor(file, session, keeper) {
    this.file = file;
    this.session = session;
    this.keeper = keeper;
    this.row = new UploadRow(file, (action) => this[action]());
    this.row.show("ready", "");
    this.#prepare();
  }

  #prepare() {
    /** Whether the quota widget counts its slot. */
    this.hasSlot = Boolean(recall(this.session, this.file));
    /** Whether the quota widget counts how it ended. */
    this.settled = false;
    this.bytes = 0;
    const heard = (react) => (...values) => this.#dropped || react(...values);
    this.transfer = new Transfer(this.file, this.session, {
      located: heard(() => this.#located()),
      progressed: heard((bytes) => this.#progressed(bytes)),
      sent: heard(() => this.#check()),
      interrupted: heard((problem) => this.#interrupted(problem)),
      failed: heard((problem) => this.#failed(problem)),
      released: heard(() => this.#released()),
      kept: heard((problem) => this.#kept(problem)),
    });
  }

  /** Nothing of it was sent yet. */
  get pending() {
    return this.state === "ready" || this.state === "unfit";
  }

  /** It goes on, or tries to, without anybody doing anything. */
  get active() {
    return ["waiting", "sending", "offline", "held"].includes(this.state);
  }

  /** Nothing more becomes of it. */
  get done() {
    return ["counted", "refused", "cancelled"].includes(this.state);
  }

  /** Nothing more becomes of it unless somebody asks for it. */
  get ended() {
    return this.done || this.state === "failed";
  }

  get id() {
    return this.transfer.id;
  }

  get percent() {
    return this.file.size > 0 ? Math.floor((100 * this.bytes) / this.file.size) : 0;
  }

  /** @param {File} file */
  isOf(file) {
    return ["name", "type", "size", "lastModified"].every((fact) => this.file[fact] === file[fact]);
  }

  /** Finds out how long the video is. */
  async look() {
    this.seconds = await durationOf(this.file);
    this.looked = true;
    this.row.describe(this.seconds);
  }

  async draw() {
    this.row.canvas.hidden = !(await drawFrame(this.file, this.row.canvas));
  }

  /**
   * Says of an upload that is pending whether the quota has room for it.
   *
   * @param {import("./fit.js").Refusal|null} refusal
   */
  mark(refusal) {
    if (refusal) {
      this.#enter("unfit", this.#refusalText(refusal));
    } else if (this.wanted) {
      this.#enter("waiting", this.row.text("waiting"));
    } else {
      this.#enter("ready", "");
    }
  }

  /** @param {import("./fit.js").Refusal} refusal */
  #refusalText({ reason, bytes, seconds }) {
    if (bytes !== undefined) {
      return this.row.text(reason, { size: size(this.file.size), limit: size(bytes) });
    }
    if (seconds !== undefined) {
      return this.row.text(reason, { length: clock(Math.ceil(this.seconds)), left: clock(Math.floor(seconds)) });
    }
    return this.row.text(reason);
  }

  send() {
    this.#tell("sending", this.row.text("starting"));
    this.transfer.start();
  }

  pause() {
    this.transfer.stop();
    this.#tell("paused", this.#pausedText());
  }

  #pausedText() {
    return this.row.text("paused", `${this.percent}%`);
  }

  resume() {
    this.#enter("waiting", this.row.text("waiting"));
  }

  cancel() {
    this.#enter("cancelling", this.row.text("cancelling"));
    this.transfer.abandon();
  }

  retry() {
    this.#prepare();
    this.#enter("ready", ""); // It is still wanted, and goes on from there.
  }

  remove() {
    if (this.state === "failed") {
      this.transfer.abandon();
    }
    this.keeper.removed(this);
  }

  /** Waits until somebody has signed in again. */
  hold() {
    this.transfer.stop();
    this.#checks++;
    this.#enter("waiting", this.row.text("waiting"));
  }

  /** Ends it here, and leaves it on the server. */
  drop() {
    this.transfer.stop();
    this.#dropped = true;
  }

  /**
   * @param {string} state
   * @param {string} text
   * @returns {boolean} whether that is news
   */
  #enter(state, text) {
    if (this.state === state && this.text === text) {
      return false;
    }
    this.state = state;
    this.text = text;
    this.row.show(state, text);
    this.keeper.changed();
    return true;
  }

  /**
   * Enters a state that screen readers are told of, too. What is wrong they
   * read in the row itself, which is an alert.
   *
   * @param {string} state
   * @param {string} text
   */
  #tell(state, text) {
    if (this.#enter(state, text)) {
      announce(`${this.file.name}: ${text}`);
    }
  }

  #located() {
    this.told = undefined;
    this.keeper.located(this);
  }

  /** @param {number} bytes that have left this device */
  #progressed(bytes) {
    if (this.state === "offline" || this.state === "held") {
      this.#tell("sending", this.row.text("starting"));
    }
    this.bytes = bytes;
    this.row.progress(bytes);
    const reached = Math.floor(this.percent / milestone) * milestone;
    if (reached > (this.told ?? reached) && reached < 100) {
      announce(`${this.file.name}: ${reached}%`);
    }
    this.told = reached;
    this.keeper.progressed();
  }

  #released() {
    if (this.state === "cancelling") {
      this.#tell("cancelled", this.row.text("cancelled"));
    }
    this.keeper.released();
  }

  /**
   * The server would not forget it, so it waits as before.
   *
   * @param {Problem} problem
   */
  #kept(problem) {
    if (this.state === "cancelling") {
      this.#tell("paused", problem.detail ?? this.#pausedText());
    }
    if (problem.status === 401) {
      this.keeper.signedOut();
    }
  }

  /** Waits for what the server finds in it. */
  async #check() {
    const check = ++this.#checks;
    this.#enter("checking", this.row.text("checking"));
    try {
      const video = await measured(this.id, () => !this.#dropped && check === this.#checks);
      if (video) {
        this.#end(video);
      }
    } catch (error) {
      if (!(error instanceof Problem)) {
        throw error;
      }
      this.#failed(error);
    }
  }

  /** @param {{status: string, reason?: string, duration_seconds: number}} video */
  #end(video) {
    forget(this.session, this.file);
    if (video.status === "accepted") {
      this.#tell("counted", this.row.text("counted", clock(Math.ceil(video.duration_seconds - 0.5))));
      this.keeper.counted(this);
    } else {
      this.#enter("refused", this.row.rejection(video.reason));
      this.keeper.released();
    }
  }

  /** @param {Problem} problem */
  #interrupted(problem) {
    if (problem.status === 429) {
      this.#tell("held", problem.detail ?? this.row.text("waiting"));
    } else if (problem.status === 0 || problem.status >= 500) {
      this.#tell("offline", problem.detail ?? this.row.text("offline"));
    }
  }

  /** @param {Problem|undefined} problem */
  #failed(problem) {
    const { row } = this;
    if (problem?.rejected) {
      forget(this.session, this.file);
      this.#enter("refused", row.rejection(problem.rejected));
      this.keeper.released();
      return;
    }
    if (problem?.isProxyLimit) {
      this.#enter("failed", row.text("proxyLimit", size(smallest)));
      this.transfer.abandon(); // Its slot is free for what comes another way.
      return;
    }
    switch (problem?.status) {
      case undefined:
        this.#enter("failed", row.text("unreadable"));
        this.transfer.abandon();
        return;
      case 401:
        this.keeper.signedOut();
        return;
      case 404:
      case 410:
        forget(this.session, this.file);
        this.#enter("failed", row.text("gone"));
        break;
      default:
        // What the server has words for below 500 stays as it is when tried again.
        this.#enter(problem.status < 500 && problem.detail ? "refused" : "failed", problem.detail ?? row.text("failed"));
    }
    this.keeper.released();
  }
}
