/** Figures as the server writes them, so that a page says one thing in one way. */

/**
 * Puts values into a text of the page: "{0} of {1}".
 *
 * @param {string} text
 * @param {...(string|number)} values
 */
export function fill(text, ...values) {
  return text.replace(/\{(\d)\}/g, (_, index) => String(values[index]));
}

/**
 * A length in whole seconds as m:ss or h:mm:ss.
 *
 * @param {number} seconds
 */
export function clock(seconds) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/**
 * Bytes with units of 1,024: "820 KB", "12.3 MB".
 *
 * @param {number} bytes
 */
export function size(bytes) {
  const units = ["KB", "MB", "GB", "TB"];
  let unit = 0;
  let amount = bytes / 1024;
  while (amount >= 1023.95 && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  const digits = amount >= 99.95 ? 0 : 1;
  return `${Number(amount.toFixed(digits))} ${units[unit]}`;
}
