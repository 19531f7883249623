/**
 * How much of a file goes in one request. All of it, unless a server in front
 * of ours has refused so much; then less and less, for as long as the tab is open.
 */

const key = "piece";
const largest = 8 << 20;
/** What every server should take. */
export const smallest = 256 << 10;

let piece = recalled();

function recalled() {
  try {
    return Number(sessionStorage.getItem(key)) || Infinity;
  } catch {
    return Infinity; // The browser keeps nothing for us.
  }
}

export function pieceSize() {
  return piece;
}

/**
 * Goes down to pieces that are smaller than what was refused.
 *
 * @param {number} refused bytes
 * @returns {boolean} false where there is nothing smaller to try
 */
export function shrinkPiece(refused) {
  piece = Math.min(piece, largest);
  while (piece >= refused && piece > smallest) {
    piece /= 2;
  }
  try {
    sessionStorage.setItem(key, String(piece));
  } catch {
    // It is found out anew after a reload.
  }
  return piece < refused;
}
