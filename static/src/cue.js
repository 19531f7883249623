/** One line of subtitles: its times as they are typed, and whether it can be read. */

/**
 * @typedef {Readonly<{id: number, start: string, end: string, text: string}>} Cue times as typed
 * @typedef {{field: "start"|"end", code: string, level: "error"|"warning"}} Trouble code as in the row's data
 * @typedef {{code: string, value?: number}} Hint
 */

// What the captioning guides give: so many characters a line and a second are
// Netflix's limits for adults (Timed Text Style Guide, Thai and English).
const thaiLimits = { longest: 35, fastest: 17 };
const otherLimits = { longest: 42, fastest: 20 };

const thaiZero = 0x0e50; // ๐

/**
 * Milliseconds of "1:02.345", "1:00:02.345" or "62.345", also with a comma or
 * in Thai digits; NaN for what is none of them.
 *
 * @param {string} typed
 */
export function parseTime(typed) {
  const text = typed.trim().replace(/[๐-๙]/g, (digit) => String(digit.charCodeAt(0) - thaiZero));
  const parts = text.match(/^(?:(?:(\d{1,3}):)?(\d{1,4}):)?(\d{1,5})(?:[.,](\d{1,3}))?$/);
  if (!parts) {
    return NaN;
  }
  const [, hours, minutes, seconds, fraction = ""] = parts;
  if ((hours !== undefined && Number(minutes) > 59) || (minutes !== undefined && Number(seconds) > 59)) {
    return NaN;
  }
  return ((Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds)) * 1000 + Number(fraction.padEnd(3, "0"));
}

/**
 * The way back: "1:02.345".
 *
 * @param {number} milliseconds
 */
export function formatTime(milliseconds) {
  const ms = Math.max(0, Math.round(milliseconds));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const seconds = `${two(Math.floor(ms / 1000) % 60)}.${String(ms % 1000).padStart(3, "0")}`;
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60 ? `${minutes}:${seconds}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${seconds}`;
}

// Where a browser lacks it, an emoji of many parts counts as many.
const segmenter = Intl.Segmenter && new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** @param {string} text */
function graphemes(text) {
  return segmenter ? Array.from(segmenter.segment(text), ({ segment }) => segment) : [...text];
}

const wide = /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\u{20000}-\u{3fffd}]/u;
const withoutWidth = /[\p{Mn}\p{Me}\p{Cf}]/gu;

/**
 * How many columns a text takes. Marks above and below a letter take none,
 * while sara am, which belongs to the same grapheme as its letter, takes one.
 *
 * @param {string} text
 */
export function columns(text) {
  let sum = 0;
  for (const grapheme of graphemes(text)) {
    sum += wide.test(grapheme) ? 2 : [...grapheme.replace(withoutWidth, "")].length;
  }
  return sum;
}

/** Milliseconds that the last caption may outlast the video, to be read. */
const spare = 1_000;

/**
 * What is wrong with the times of a line, the worst first.
 *
 * @param {Cue} cue
 * @param {Cue|undefined} before
 * @param {Cue|undefined} after
 * @param {number} videoEnd in milliseconds
 * @returns {Trouble|undefined}
 */
export function trouble(cue, before, after, videoEnd) {
  const start = parseTime(cue.start);
  const end = parseTime(cue.end);
  if (Number.isNaN(start)) {
    return { field: "start", code: "notATime", level: "error" };
  }
  if (Number.isNaN(end)) {
    return { field: "end", code: "notATime", level: "error" };
  }
  if (end <= start) {
    return { field: "end", code: "endBeforeStart", level: "error" };
  }
  if (before && start < parseTime(before.start)) {
    return { field: "start", code: "beforeLast", level: "error" };
  }
  if (after && end > parseTime(after.start)) {
    return { field: "end", code: "overlaps", level: "warning" };
  }
  if (end > videoEnd + spare) {
    return { field: "end", code: "beyondVideo", level: "warning" };
  }
  return undefined;
}

/** @type {WeakMap<Cue, Hint|undefined>} */
const hints = new WeakMap();

/**
 * What makes a line hard to read, if anything does.
 *
 * @param {Cue} cue
 * @returns {Hint|undefined}
 */
export function hint(cue) {
  if (!hints.has(cue)) {
    hints.set(cue, look(cue));
  }
  return hints.get(cue);
}

/** @param {Cue} cue */
function look(cue) {
  if (cue.text.trim() === "") {
    return { code: "blank" };
  }
  const { longest, fastest } = /[ก-ฺเ-๎]/.test(cue.text) ? thaiLimits : otherLimits;
  const widths = cue.text.split("\n").map(columns);
  const seconds = (parseTime(cue.end) - parseTime(cue.start)) / 1000;
  const speed = Math.round(widths.reduce((sum, width) => sum + width, 0) / seconds);
  if (seconds > 0 && speed > fastest) {
    return { code: "tooFast", value: speed };
  }
  const width = Math.max(...widths);
  // A file has two lines for each caption, into which a long one is wrapped.
  return width > 2 * longest || (widths.length > 1 && width > longest) ? { code: "tooLong", value: width } : undefined;
}
