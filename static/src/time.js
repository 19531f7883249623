/** Tells the server the reader's time zone, and rewrites times in it. */

import htmx from "htmx.org";

// Thai dates count the years of the Buddhist era.
const locale = document.documentElement.lang === "th" ? "th-TH-u-nu-latn" : "en-GB";
const format = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

// The server counts days in it, from the next page on.
const year = 365 * 24 * 3600;
const secure = location.protocol === "https:" ? "; Secure" : "";
document.cookie = `zone=${format.resolvedOptions().timeZone}; Path=/; Max-Age=${year}; SameSite=Lax${secure}`;

htmx.onLoad((root) => {
  if (!(root instanceof Element)) {
    return;
  }
  for (const time of [root, ...root.querySelectorAll("time")]) {
    if (time instanceof HTMLTimeElement && time.dateTime) {
      time.textContent = format.format(new Date(time.dateTime));
    }
  }
});
