/** What can be done to the lines of subtitles. Nothing here changes what it is given. */

import { columns, formatTime, parseTime } from "./cue.js";

/**
 * @typedef {import("./cue.js").Cue} Cue
 * @typedef {{id: number, field: string, caret?: number}} Place where the reader goes on
 * @typedef {{lines: Cue[], place: Place|undefined, line: number}} Step line counts from 1
 */

const usual = 2_000; // milliseconds of a line that was added
const short = 500;

let lastID = 0;

/**
 * @param {string} start
 * @param {string} end
 * @param {string} text
 * @returns {Cue}
 */
export function newCue(start, end, text) {
  return Object.freeze({ id: ++lastID, start, end, text });
}

/**
 * @param {Cue[]} lines
 * @param {number} index
 * @param {Partial<Cue>} change
 */
export function changed(lines, index, change) {
  return lines.with(index, Object.freeze({ ...lines[index], ...change }));
}

/**
 * Where a text is best split when nobody says where: between two words, near
 * its middle.
 *
 * @param {string} text
 */
function middle(text) {
  const words = Intl.Segmenter ? [...new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)] : [...text.matchAll(/\s+/g)];
  const starts = words.map(({ index }) => index).filter((index) => index > 0);
  const distance = (/** @type {number} */ index) => Math.abs(index - text.length / 2);
  return starts.reduce((best, index) => (distance(index) < distance(best) ? index : best), text.length);
}

/**
 * Puts a line below another, and below those that begin before it.
 *
 * @param {Cue[]} lines
 * @param {number} index of the line above, -1 for none
 * @param {Cue} added
 */
function inPlace(lines, index, added) {
  const start = parseTime(added.start);
  let at = index + 1;
  while (at < lines.length && parseTime(lines[at].start) < start) {
    at++;
  }
  return lines.toSpliced(at, 0, added);
}

/**
 * @param {Cue[]} lines
 * @param {number} index
 * @param {number} caret in the text; at one of its ends it says nothing
 * @returns {Step}
 */
export function split(lines, index, caret) {
  const cue = lines[index];
  const at = caret > 0 && caret < cue.text.length ? caret : middle(cue.text);
  const first = cue.text.slice(0, at).trim();
  const second = cue.text.slice(at).trim();
  const start = parseTime(cue.start);
  const end = parseTime(cue.end);
  const share = Math.min(0.9, Math.max(0.1, columns(first) / Math.max(1, columns(first + second))));
  const cut = end > start ? formatTime(start + (end - start) * share) : cue.end;
  const added = newCue(cut, cue.end, second);
  const kept = Object.freeze({ ...cue, end: cut, text: first });
  return { lines: inPlace(lines.with(index, kept), index, added), place: { id: added.id, field: "text", caret: 0 }, line: index + 1 };
}

/**
 * Joins a line with the one before.
 *
 * @param {Cue[]} lines
 * @param {number} index above 0
 * @returns {Step}
 */
export function merge(lines, index) {
  const before = lines[index - 1];
  const cue = lines[index];
  const text = [before.text, cue.text].filter((part) => part !== "").join("\n");
  const end = parseTime(before.end) > parseTime(cue.end) ? before.end : cue.end;
  const joined = Object.freeze({ ...before, end, text });
  const caret = text.length - cue.text.length;
  return { lines: lines.toSpliced(index - 1, 2, joined), place: { id: joined.id, field: "text", caret }, line: index };
}

/**
 * Adds an empty line after another, or the first one.
 *
 * @param {Cue[]} lines
 * @param {number} index of the line before, -1 for none
 * @param {number} now where the video is, in milliseconds
 * @returns {Step}
 */
export function add(lines, index, now) {
  const start = index < 0 ? now : parseTime(lines[index].end) || 0;
  const gap = index + 1 < lines.length ? parseTime(lines[index + 1].start) - start : Infinity;
  const length = gap >= short ? Math.min(usual, gap) : usual;
  const added = newCue(formatTime(start), formatTime(start + length), "");
  const all = inPlace(lines, index, added);
  return { lines: all, place: { id: added.id, field: "text", caret: 0 }, line: all.indexOf(added) + 1 };
}

/**
 * @param {Cue[]} lines
 * @param {number} index
 * @returns {Step}
 */
export function remove(lines, index) {
  const next = lines[index + 1] ?? lines[index - 1];
  return { lines: lines.toSpliced(index, 1), place: next && { id: next.id, field: "text", caret: 0 }, line: index + 1 };
}
