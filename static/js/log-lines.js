// What an engine event says to a person, on a line of the log and in the files made of it.
import { formatDuration, formatNumber } from "./dom.js";

export const LEVELS = ["debug", "info", "warning", "error"];

export function levelName(level) {
  return { debug: gettext("Debug"), info: gettext("Info"), warning: gettext("Warning"), error: gettext("Error") }[level] ?? level;
}

/** The node on the picture that an event belongs to: items of a map have longer paths. */
export const topNode = (event) => event.node?.split(/[.[]/)[0] ?? "";

export function sentence(event) {
  const data = event.data ?? {};
  const size = data.lists ? Object.entries(data.lists).map(([name, count]) => `${name} ${formatNumber(count)}`).join(", ") : data.count !== undefined ? formatNumber(data.count) : "";
  const tail = size ? ` · ${size}` : "";
  switch (event.kind) {
    case "run.started":
      return data.resumed ? gettext("Run resumed") : gettext("Run started");
    case "run.succeeded":
      return interpolate(gettext("Run succeeded in %s"), [formatDuration(data.ms ?? 0)]);
    case "run.failed":
      return interpolate(gettext("Run failed: %s"), [event.message]);
    case "run.cancelled":
      return gettext("Run cancelled");
    case "run.waiting":
      return gettext("Run waits");
    case "node.queued":
      return gettext("Queued for the compute worker");
    case "node.started":
      return data.attempt > 1 ? interpolate(gettext("Started, attempt %s"), [data.attempt]) : gettext("Started");
    case "node.succeeded":
      return interpolate(gettext("Succeeded in %s"), [formatDuration(data.ms ?? 0)]) + tail;
    case "node.retrying":
      return interpolate(gettext("%s Next attempt in %s."), [event.message, formatDuration(data.wait_ms ?? 0)]);
    case "node.skipped":
      return data.reason === "disabled" ? gettext("Skipped: turned off") : gettext("Skipped");
    case "node.cancelled":
      return gettext("Cancelled");
    case "node.waiting":
      return event.message || gettext("Waits for a person");
    case "node.progress":
      return [event.message, data.total ? `${formatNumber(data.done)}/${formatNumber(data.total)}` : data.done !== undefined ? formatNumber(data.done) : ""].filter(Boolean).join(" ");
    case "gap":
      return interpolate(ngettext("%s line not received", "%s lines not received", event.count), [formatNumber(event.count)]);
    default:
      return event.message || event.kind;
  }
}

const texts = new WeakMap();

/** What filters look at; made once per event, since a log has a hundred thousand of them. */
export function searchText(event) {
  let text = texts.get(event);
  if (text === undefined) texts.set(event, (text = `${event.kind} ${event.node ?? ""} ${sentence(event)}`));
  return text;
}

export const asText = (events) => events.map((event) => `${event.time}\t${event.level}\t${event.node ?? ""}\t${sentence(event)}`).join("\n");

export const asJsonLines = (events) => events.filter((event) => event.kind !== "gap").map((event) => JSON.stringify(event)).join("\n");
