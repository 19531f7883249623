/** The captions over the video: the newest text, as the reader had them. */

/**
 * Where there is a player on this page.
 *
 * @returns {HTMLMediaElement|null}
 */
export function player() {
  return document.querySelector("main [data-player] :is(video, audio)");
}

/**
 * Puts the captions of an address over the video, and takes away what was there
 * once they are loaded, so that nothing flickers.
 *
 * @param {string|undefined} address none when there is no text
 * @param {{language?: string, label?: string}} about
 */
export function showCaptions(address, { language, label } = {}) {
  const media = player();
  const old = media ? [...media.querySelectorAll("track")] : [];
  if (!media || (address && old.at(-1)?.getAttribute("src") === address)) {
    return;
  }
  const mode = old.at(-1)?.track.mode ?? "showing";
  const removeOld = () => old.forEach((track) => track.remove());
  if (!address) {
    removeOld();
    return;
  }
  const track = document.createElement("track");
  track.kind = "captions";
  track.label = label ?? "";
  track.srclang = language ?? "";
  track.src = address;
  media.append(track);
  if (mode === "disabled") {
    removeOld();
    return;
  }
  // Hidden ones are loaded, but not shown.
  track.track.mode = "hidden";
  track.addEventListener("load", () => {
    removeOld();
    track.track.mode = mode;
  });
  track.addEventListener("error", () => track.remove());
}
