/** The list of videos: newly counted ones, those still measured, and their pictures. */

import htmx from "htmx.org";
import { measured } from "./watch.js";

/** @param {string} id */
function itemOf(id) {
  return document.querySelector(`#videos [data-video-id="${CSS.escape(id)}"]`);
}

/**
 * Puts a video that was just counted on top, and what it used into the widget.
 *
 * @param {string} id
 */
export async function showVideo(id) {
  if (document.querySelector("#videos")) {
    itemOf(id)?.remove();
    await htmx.ajax("GET", `/videos/${id}`, { source: "#videos", target: "#videos", swap: "afterbegin settle:20ms" });
  }
}

/**
 * Shows what became of a video that is still measured.
 *
 * @param {HTMLElement} item
 */
async function follow(item) {
  const { videoId } = item.dataset;
  try {
    if (await measured(videoId, () => item.isConnected)) {
      await htmx.ajax("GET", `/videos/${videoId}`, { source: item, target: item, swap: "outerHTML" });
    }
  } catch {
    // It is gone, the reader is signed out, or the alert says that the server
    // can't be reached: the next page tells.
  }
}

htmx.onLoad((root) => {
  const measuring = "#videos [data-status=measuring]";
  const items = root.matches(measuring) ? [root] : root.querySelectorAll(measuring);
  for (const item of items) {
    follow(item);
  }
});

// A picture that can't be had leaves the icon behind it.
document.addEventListener(
  "error",
  ({ target }) => {
    if (target.matches?.(".thumb img")) {
      target.remove();
    }
  },
  true,
);
