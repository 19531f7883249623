/** Which of the chosen files the quota has room for. */

/**
 * @typedef {{maxBytes: number, videos: number, seconds: number}} Room what a quota has left
 * @typedef {{videos: number, seconds: number}} Taken what is on its way already
 * @typedef {{bytes: number, seconds: number|undefined, hasSlot: boolean}} Wish
 * @typedef {{reason: string, bytes?: number, seconds?: number}} Refusal with the limit that was met
 */

/**
 * Goes through the files in their order, each of which takes what it needs if
 * there is room. One that is too long does not keep a shorter one out.
 *
 * @param {Room} room
 * @param {Taken} taken
 * @param {Wish[]} wishes seconds are undefined where the browser cannot tell
 * @returns {(Refusal|null)[]} null for what fits
 */
export function fit(room, taken, wishes) {
  const left = { videos: room.videos - taken.videos, seconds: room.seconds - taken.seconds };
  return wishes.map((wish) => {
    const refusal = refusalOf(wish, room, left);
    if (!refusal) {
      left.videos -= wish.hasSlot ? 0 : 1;
      left.seconds -= wish.seconds ?? 0;
    }
    return refusal;
  });
}

/**
 * @param {Wish} wish
 * @param {Room} room
 * @param {Taken} left
 */
function refusalOf(wish, room, left) {
  const { seconds = 0 } = wish;
  if (wish.bytes > room.maxBytes) {
    return { reason: "tooBig", bytes: room.maxBytes };
  }
  if (room.videos <= 0 && !wish.hasSlot) {
    return { reason: "noVideos" };
  }
  if (room.seconds <= 0) {
    return { reason: "noMinutes" };
  }
  if (seconds > room.seconds) {
    return { reason: "tooLong", seconds: room.seconds };
  }
  // By itself it would fit; it is the files before it that leave no room.
  if (left.videos <= 0 && !wish.hasSlot) {
    return { reason: "videosTaken" };
  }
  if (left.seconds <= 0) {
    return { reason: "minutesTaken" };
  }
  if (seconds > left.seconds) {
    return { reason: "tooLongNow", seconds: left.seconds };
  }
  return null;
}
