/**
 * Where the uploads of this browser stopped, so that choosing the same file
 * goes on from there after a reload or a crash. Each user has their own.
 */

const prefix = "upload:";
const kept = 7 * 24 * 3600_000; // longer than a server keeps what is unfinished

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
    return JSON.parse(localStorage.getItem(keyOf(session, file)))?.url;
  } catch {
    return undefined; // The browser keeps nothing for us.
  }
}

/**
 * @param {string} session
 * @param {File} file
 * @param {string} url
 */
export function remember(session, file, url) {
  try {
    forgetOld();
    localStorage.setItem(keyOf(session, file), JSON.stringify({ url, at: Date.now() }));
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
    if (key.startsWith(prefix) && !(JSON.parse(localStorage.getItem(key)).at > Date.now() - kept)) {
      localStorage.removeItem(key);
    }
  }
}
