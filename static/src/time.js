/** Rewrites times, which the server sends in UTC, in the reader's own zone. */

import htmx from "htmx.org";

// Thai dates count the years of the Buddhist era.
const locale = document.documentElement.lang === "th" ? "th-TH-u-nu-latn" : "en-GB";
const format = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

htmx.onLoad((root) => {
  for (const time of root.querySelectorAll("time[datetime]")) {
    time.textContent = format.format(new Date(time.dateTime));
  }
});
