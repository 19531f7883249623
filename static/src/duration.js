/** How long a video is, as far as this browser can tell. */

const patience = 4000;

/**
 * Resolves to seconds, or to undefined for what the browser cannot read in
 * time. The server measures every video itself, so this is only a courtesy.
 *
 * @param {File} file
 * @returns {Promise<number|undefined>}
 */
export function durationOf(file) {
  return new Promise((resolve) => {
    const video = document.createElement("video");
    const url = URL.createObjectURL(file);
    const done = () => {
      clearTimeout(timer);
      const seconds = video.duration;
      video.removeAttribute("src");
      URL.revokeObjectURL(url);
      // A file without an index says 0 or Infinity.
      resolve(Number.isFinite(seconds) && seconds > 0 ? seconds : undefined);
    };
    const timer = setTimeout(done, patience);
    video.addEventListener("loadedmetadata", done, { once: true });
    video.addEventListener("error", done, { once: true });
    video.preload = "metadata";
    video.src = url;
  });
}
