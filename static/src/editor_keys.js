/** Which key does what in the editor. */

/**
 * The letter of a key. A Thai keyboard has none of ours on its keys, so there
 * the place of the key says which it is.
 *
 * @param {KeyboardEvent} event
 */
function letter({ key, code }) {
  return /^[a-z]$/i.test(key) ? key.toLowerCase() : code.replace(/^Key/, "").toLowerCase();
}

/**
 * The name of what a key asks for, as in data-tool, or next, previous and seek.
 *
 * @param {KeyboardEvent} event
 * @returns {string|undefined}
 */
export function toolOf(event) {
  const { key, target, shiftKey } = event;
  const field = target.dataset?.field;
  if (event.isComposing) {
    return undefined;
  }
  if (event.altKey && !event.ctrlKey && !event.metaKey) {
    return { ArrowUp: "previous", ArrowDown: "next" }[key];
  }
  if (event.ctrlKey || event.metaKey) {
    return withControl(event, letter(event), field);
  }
  if (field && field !== "text") {
    return { ArrowUp: "previous", ArrowDown: "next", Enter: "seek" }[key];
  }
  if (field === "text" && !shiftKey && target.selectionStart === target.selectionEnd) {
    // The arrows leave a text where they can go no further in it.
    if (key === "ArrowUp" && target.selectionStart === 0) {
      return "previous";
    }
    if (key === "ArrowDown" && target.selectionStart === target.value.length) {
      return "next";
    }
  }
  return undefined;
}

/**
 * @param {KeyboardEvent} event
 * @param {string} typed
 * @param {string|undefined} field
 */
function withControl({ key, code, target, shiftKey, altKey }, typed, field) {
  if (altKey) {
    return undefined; // AltGr, which writes letters.
  }
  if (typed === "z") {
    return shiftKey ? "redo" : "undo";
  }
  if (typed === "y") {
    return "redo";
  }
  if (code === "Space") {
    return "play";
  }
  if (!field) {
    return undefined;
  }
  switch (key === "[" || key === "]" ? key : code) {
    case "[":
    case "BracketLeft":
      return "start";
    case "]":
    case "BracketRight":
      return "end";
    case "Enter":
    case "NumpadEnter":
      return shiftKey ? "add" : "split";
    case "Delete":
      return "delete";
    case "Backspace":
      return field === "text" && target.selectionEnd === 0 ? "merge" : undefined;
    default:
      return undefined;
  }
}
