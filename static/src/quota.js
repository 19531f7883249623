/** The quota widget: what it says, and keeping it up to date. */

import htmx from "htmx.org";

/** Undefined on pages without the widget. */
export function quota() {
  const data = document.querySelector("#quota")?.dataset;
  return (
    data && {
      session: data.sessionId,
      maxBytes: Number(data.maxBytes),
      videos: Number(data.remainingVideos),
      seconds: Number(data.remainingMs) / 1000,
    }
  );
}

export async function refreshQuota() {
  if (quota()) {
    await htmx.ajax("GET", "/quota", { source: "#quota", target: "#quota", swap: "outerHTML" });
  }
}

// An unfinished upload that was removed from the list has given its place back.
document.addEventListener("htmx:afterRequest", ({ detail: { requestConfig, successful } }) => {
  if (successful && requestConfig.verb === "delete" && requestConfig.path.startsWith("/files/")) {
    refreshQuota().catch(() => {}); // The alert says that the server can't be reached.
  }
});
