/** What the server, or a proxy before it, answered instead of what was asked for. */

export class Problem extends Error {
  /**
   * @param {number} status 0 when no answer came
   * @param {string} body problem details (RFC 9457) if the answer is our server's
   */
  constructor(status, body = "") {
    super(`status ${status}`);
    this.status = status;
    /** @type {string|undefined} in the reader's language */
    this.detail = undefined;
    /** @type {string|undefined} only where our server has answered */
    this.type = undefined;
    /** @type {string|undefined} the code of why the server rejected an upload */
    this.rejected = undefined;
    try {
      const { type, detail, errors = {} } = JSON.parse(body);
      this.type = type;
      this.detail = Object.values(errors).join(" ") || detail;
    } catch {
      // It is a proxy's page, or no page at all.
    }
  }

  /** Whether a proxy takes no body of this size. */
  get isProxyLimit() {
    return this.status === 413 && !this.type;
  }

  /** Whether another try may succeed without anybody doing anything. */
  get passes() {
    return [0, 408, 409, 423, 429, 502, 503, 504].includes(this.status);
  }
}
