// Keeps `<time data-relative>` current without asking the server.
import { language } from "./dom.js";

const UNITS = [["second", 1, 60], ["minute", 60, 3600], ["hour", 3600, 86400], ["day", 86400, 604800]];

export function relative(date, now = Date.now()) {
  const seconds = Math.round((date - now) / 1000);
  const amount = Math.abs(seconds);
  if (amount < 5) return gettext("just now");
  for (const [unit, size, limit] of UNITS)
    if (amount < limit)
      return new Intl.RelativeTimeFormat(language, { numeric: "always" }).format(Math.trunc(seconds / size), unit);
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(date);
}

export function refresh(root = document) {
  for (const element of root.querySelectorAll("time[data-relative]"))
    element.textContent = relative(Date.parse(element.dateTime));
}

export function startClock() {
  setInterval(refresh, 30000);
}
