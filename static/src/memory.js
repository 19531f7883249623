/**
 * Where the uploads of this browser stopped, so that choosing the same file
 * goes on from there after a reload or a crash. Each user has their own.
 */

const prefix = "upload:";

/** Where the server does not say how long it keeps an upload without a new byte. */
const usual = 7 * 24 * 3600_000;

/** An address that is kept for too long does no harm: the server says that the upload is gone. */
const spare = 24 * 3600_000;

/**
 * @param {string} session the quota session of the user
 * @param {File} file
 */
function keyOf(session, file) {
  return prefix + JSON.stringify([session, file.name, file.type, file.size, file.lastModified]);
}

/**
 * The address of the unfinished upload of a file.
 *
 * @param {string} session
 * @param {File} file
 * @returns {string|undefined}
 */
export function recall(session, file) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(session, file)) ?? "null")?.url;
  } catch {
    return undefined; // The browser keeps nothing for us.
  }
}

/**
 * @param {string} session
 * @param {File} file
 * @param {string} url
 * @param {number} [kept] milliseconds for which the server keeps it from now on
 */
export function remember(session, file, url, kept = usual) {
  try {
    forgetOld();
    localStorage.setItem(keyOf(session, file), JSON.stringify({ url, until: Date.now() + kept }));
  } catch {
    // The upload works all the same, as long as the page is open.
  }
}

/**
 * @param {string} session
 * @param {File} file
 */
export function forget(session, file) {
  try {
    localStorage.removeItem(keyOf(session, file));
  } catch {
    // Nothing was kept.
  }
}

function forgetOld() {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(prefix) && !(untilOf(localStorage.getItem(key)) + spare > Date.now())) {
      localStorage.removeItem(key);
    }
  }
}

/**
 * @param {string|null} entry
 * @returns {number} NaN of what is no entry
 */
function untilOf(entry) {
  try {
    const { at, until = at + usual } = JSON.parse(entry ?? ""); // Earlier versions kept when it was.
    return until;
  } catch {
    return NaN;
  }
}
