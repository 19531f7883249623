/** Waits for what becomes of a video whose bytes have all arrived. */

import { Problem } from "./problem.js";
import { wait } from "./wait.js";

/**
 * Resolves to the video once it is accepted or rejected, or to undefined once
 * nobody wants to know any more. Rejects with a Problem alone.
 *
 * @param {string} id
 * @param {() => boolean} wanted whether somebody still wants to know
 * @returns {Promise<{status: string, reason?: string, duration_seconds: number}|undefined>}
 */
export async function measured(id, wanted) {
  for (let tries = 0; wanted(); tries++) {
    const seen = await look(id);
    if (!wanted()) {
      return undefined;
    }
    if (seen instanceof Problem && !seen.passes) {
      throw seen;
    }
    if (seen.status === "accepted" || seen.status === "rejected") {
      return seen;
    }
    await wait(tries);
  }
  return undefined;
}

/**
 * The video as it is now, or the problem with asking for it. An answer that
 * breaks off, or is no JSON, did not come from our server.
 *
 * @param {string} id
 */
async function look(id) {
  try {
    const response = await fetch(`/videos/${id}`, { headers: { Accept: "application/json" } });
    return response.ok ? await response.json() : new Problem(response.status, await response.text());
  } catch {
    return new Problem(0);
  }
}
