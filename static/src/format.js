/** Figures as the server writes them, so that a page says one thing in one way. */

/**
 * Puts a value into a text of the page, "Line {0}", or several by their names:
 * "{done} of {all}".
 *
 * @param {string} text
 * @param {string|number|Record<string, string|number>} values
 */
export function fill(text, values) {
  const named = typeof values === "object" ? values : { 0: values };
  return text.replace(/\{(\w+)\}/g, (_, name) => String(named[name]));
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
