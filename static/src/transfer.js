/** Sends one file by the tus protocol, and goes on where the server stopped receiving. */

// Its sources, because what it was compiled to is for older browsers and twice the size.
import { Upload as TusUpload } from "tus-js-client/lib/browser/index.js";
import { forget, recall, remember } from "./memory.js";
import { pieceSize, shrinkPiece } from "./piece.js";
import { Problem } from "./problem.js";
import { delay, wait } from "./wait.js";

const endpoint = new URL("/files/", location.href).href;

/** What stands before the code of a problem in its type. */
const typePrefix = "urn:gensubtitle:";

/** A line that carries nothing for so long is taken for dead. */
const silence = 60_000;

/** How often it is noted that the server keeps the upload for longer, as bytes arrive. */
const noteEvery = 60_000;

/**
 * @typedef {object} Listener
 * @property {() => void} located the server has the upload and knows how much of it came
 * @property {(bytes: number) => void} progressed
 * @property {() => void} sent all bytes have arrived
 * @property {(problem: Problem) => void} interrupted it is tried again later
 * @property {(problem: Problem|undefined) => void} failed undefined when the file can't be read
 * @property {() => void} released the server has forgotten the upload
 * @property {(problem: Problem) => void} kept the server refuses to forget it
 */

export class Transfer {
  /** Whether it is meant to go on. */
  #wanted = false;
  /** Whether a new upload is being asked for. Cut off then, it would hold a slot that nobody knows of. */
  #creating = false;
  #abandoned = false;
  #most = 0;
  /** How many bytes the last PATCH carried. */
  #carried = 0;
  #tries = 0;
  #retry;
  #watchdog;
  #heard;
  /** For how long the server keeps what gets no byte. @type {number|undefined} */
  #kept;
  /** When the address was noted last. */
  #noted = 0;

  /**
   * @param {File} file
   * @param {string} session the quota session of the user
   * @param {Listener} listener
   */
  constructor(file, session, listener) {
    this.file = file;
    this.session = session;
    this.listener = listener;
    this.url = recall(session, file);
    const metadata = { filename: file.name };
    if (file.type) {
      metadata.filetype = file.type;
    }
    this.tus = new TusUpload(file, {
      endpoint,
      metadata,
      uploadUrl: this.url,
      // Trying again and remembering are done here, where more is known.
      retryDelays: null,
      storeFingerprintForResuming: false,
      onBeforeRequest: (request) => this.#before(request),
      onAfterResponse: (request, response) => this.#after(request, response),
      onUploadUrlAvailable: () => this.#located(),
      onProgress: (bytes) => this.#progressed(bytes),
      onSuccess: () => this.#sent(),
      onError: (error) => this.#failed(error),
    });
  }

  /** The id of the video, undefined before the server knows of it. */
  get id() {
    return this.url?.slice(endpoint.length);
  }

  start() {
    this.#wanted = true;
    clearInterval(this.#watchdog);
    this.#watchdog = setInterval(() => this.#watch(), silence / 10);
    this.#go();
  }

  /** What was sent stays on the server. */
  stop() {
    this.#wanted = false;
    this.#rest();
    if (!this.#creating) {
      this.tus.abort();
    }
  }

  /** Tries at once what was to be tried later. */
  hurry() {
    if (this.#retry) {
      this.#go();
    }
  }

  /** Forgets the upload, here and on the server. */
  abandon() {
    this.stop();
    this.#abandoned = true;
    forget(this.session, this.file);
    if (this.url) {
      this.#terminate();
    } else if (!this.#creating) {
      this.listener.released();
    }
  }

  #go() {
    this.#cancelRetry();
    this.#heard = performance.now();
    if (!this.#creating) {
      this.tus.options.chunkSize = pieceSize();
      this.tus.start();
    }
  }

  #rest() {
    clearInterval(this.#watchdog);
    this.#cancelRetry();
  }

  #cancelRetry() {
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  #watch() {
    if (performance.now() - this.#heard > silence) {
      this.#creating = false;
      this.tus.abort();
      this.#go();
    }
  }

  /** @param {import("tus-js-client").HttpRequest} request */
  #before(request) {
    if (!this.#wanted) {
      throw new Error("stopped meanwhile");
    }
    this.#creating = request.getMethod() === "POST";
    const offset = Number(request.getHeader("Upload-Offset") ?? this.file.size);
    this.#carried = Math.min(this.tus.options.chunkSize, this.file.size - offset);
  }

  /**
   * The library takes every refusal of an upload that it asks for as a sign
   * that it is gone, and makes a new one; that is right for two of them, unless
   * the server says that it has rejected the upload.
   *
   * @param {import("tus-js-client").HttpRequest} request
   * @param {import("tus-js-client").HttpResponse} response
   */
  #after(request, response) {
    this.#creating = false;
    this.#heard = performance.now();
    this.#kept = keptFor(response) ?? this.#kept;
    const status = response.getStatus();
    const gone = request.getMethod() === "HEAD" && (status === 404 || status === 410);
    const rejected = response.getHeader("Upload-Rejected");
    if (status >= 400 && (rejected || !gone)) {
      const problem = new Problem(status, response.getBody());
      problem.rejected = rejected?.slice(typePrefix.length);
      throw problem;
    }
  }

  #located() {
    this.url = this.tus.url;
    if (this.#abandoned) {
      this.#terminate();
      return;
    }
    this.#note();
    this.listener.located();
  }

  #note() {
    this.#noted = performance.now();
    remember(this.session, this.file, this.url, this.#kept);
  }

  /** @param {number} bytes that have left this device */
  #progressed(bytes) {
    this.#heard = performance.now();
    if (this.#heard - this.#noted > noteEvery) {
      this.#note();
    }
    if (bytes > this.#most) {
      this.#most = bytes;
      this.#tries = 0;
    }
    this.listener.progressed(bytes);
  }

  #sent() {
    this.#rest();
    this.listener.sent();
  }

  /** @param {import("tus-js-client").DetailedError} error */
  async #failed(error) {
    this.#creating = false;
    const problem = await this.#problemOf(error);
    if (!this.#wanted) {
      return;
    }
    if (problem?.isProxyLimit && shrinkPiece(this.#carried)) {
      this.#go();
    } else if (problem?.passes) {
      this.#retry = setTimeout(() => this.#go(), delay(this.#tries++));
      this.listener.interrupted(problem);
    } else {
      this.stop();
      this.listener.failed(problem);
    }
  }

  /**
   * @param {import("tus-js-client").DetailedError} error
   * @returns {Promise<Problem|undefined>}
   */
  async #problemOf(error) {
    if (error.causingError instanceof Problem) {
      return error.causingError;
    }
    // A file that has changed looks like a lost connection.
    const readable = await this.file.slice(0, 1).arrayBuffer().then(() => true, () => false);
    return readable ? new Problem(0) : undefined;
  }

  /** An upload that was complete before it could be given up counts like any other. */
  async #terminate() {
    const answer = await this.#request("DELETE");
    const gone = answer.status === 404 || answer.status === 410;
    if (!answer.ok && !gone) {
      this.#abandoned = false;
      this.#note();
      this.listener.kept(new Problem(answer.status, await answer.text()));
    } else if (gone && (await this.#request("HEAD")).ok) {
      this.listener.sent();
    } else {
      this.listener.released();
    }
  }

  /**
   * Tries until there is an answer that another try would not change.
   *
   * @param {string} method
   * @returns {Promise<Response>}
   */
  async #request(method) {
    for (let tries = 0; ; tries++) {
      const answer = await fetch(this.url, { method, headers: { "Tus-Resumable": "1.0.0" } }).catch(() => null);
      if (answer && answer.status < 500 && !new Problem(answer.status).passes) {
        return answer;
      }
      await wait(tries);
    }
  }
}

/**
 * For how many milliseconds the server keeps an upload without a new byte, by
 * its own clock; undefined where it does not say.
 *
 * @param {import("tus-js-client").HttpResponse} response
 */
function keptFor(response) {
  const kept = Date.parse(response.getHeader("Upload-Expires")) - Date.parse(response.getHeader("Date"));
  return kept > 0 ? kept : undefined;
}
