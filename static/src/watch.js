/** Waits for what becomes of a video whose bytes have all arrived. */

import { Problem } from "./problem.js";
import { wait } from "./wait.js";

/**
 * Resolves to the video once it is accepted or rejected.
 *
 * @param {string} id
 * @returns {Promise<{status: string, reason?: string, duration_seconds: number}>}
 */
export async function measured(id) {
  for (let tries = 0; ; tries++) {
    const video = await look(id);
    if (video?.status === "accepted" || video?.status === "rejected") {
      return video;
    }
    await wait(tries);
  }
}

/**
 * The video as it is now; undefined when the server can't be reached.
 *
 * @param {string} id
 */
async function look(id) {
  let response;
  try {
    response = await fetch(`/videos/${id}`, { headers: { Accept: "application/json" } });
  } catch {
    return undefined;
  }
  if (response.ok) {
    return response.json();
  }
  const problem = new Problem(response.status, await response.text());
  if (!problem.passes) {
    throw problem;
  }
  return undefined;
}
