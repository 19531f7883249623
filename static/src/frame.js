/** A picture of a chosen video, as far as this browser can show it. */

const patience = 4_000;

/**
 * Draws a frame from near the beginning, where most videos have left black
 * behind. Resolves to whether there is one.
 *
 * @param {File} file
 * @param {HTMLCanvasElement} canvas
 * @returns {Promise<boolean>}
 */
export function drawFrame(file, canvas) {
  return new Promise((resolve) => {
    const video = document.createElement("video");
    const url = URL.createObjectURL(file);
    const done = (/** @type {boolean} */ drawn) => {
      clearTimeout(timer);
      video.removeAttribute("src");
      URL.revokeObjectURL(url);
      resolve(drawn);
    };
    const timer = setTimeout(done, patience, false);
    video.addEventListener("error", () => done(false), { once: true });
    video.addEventListener("loadeddata", () => {
      if (video.videoWidth === 0) {
        done(false);
        return;
      }
      video.currentTime = Math.min(2, video.duration / 3 || 0);
    });
    video.addEventListener("seeked", () => {
      cover(canvas, video);
      done(true);
    });
    video.muted = true;
    video.preload = "auto";
    video.src = url;
  });
}

/**
 * Fills the canvas and cuts off what is beyond its sides.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLVideoElement} video
 */
function cover(canvas, video) {
  const scale = Math.max(canvas.width / video.videoWidth, canvas.height / video.videoHeight);
  const width = video.videoWidth * scale;
  const height = video.videoHeight * scale;
  canvas.getContext("2d")?.drawImage(video, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
}
