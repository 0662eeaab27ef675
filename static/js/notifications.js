// The bell on every page: counts what is unread, and shows what arrives while the page is open.
import { toast } from "./toast.js";

const KINDS = { info: "info", success: "success", warning: "warning", critical: "danger" };
const bell = document.querySelector("[data-bell]");

function count(unread) {
  const badge = bell.querySelector("[data-count]");
  const shown = unread > 99 ? "99+" : String(unread);
  badge.textContent = shown;
  badge.hidden = unread === 0;
  bell.setAttribute("aria-label", unread ? interpolate(gettext("Notifications, unread: %s"), [shown]) : gettext("Notifications"));
}

function receive(frame) {
  if (frame.workspace === bell.dataset.workspace) {
    count(frame.unread);
    const note = document.querySelector("[data-fresh]");
    if (note && frame.type === "notification") note.hidden = false;
  }
  if (frame.type === "notification" && document.visibilityState === "visible")
    toast(frame.title, KINDS[frame.severity] ?? "info", frame.url ? { href: frame.url, label: gettext("Open") } : null);
}

function listen() {
  let wait = 1000;
  const open = () => {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/notifications`);
    socket.onopen = () => {
      wait = 1000;
    };
    socket.onmessage = (message) => receive(JSON.parse(message.data));
    socket.onclose = (event) => {
      if (event.code >= 4400 && event.code < 4500) return;
      setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, 60_000);
    };
  };
  open();
}

if (bell) {
  listen();
  // Plain http on another host has no service workers; the page works without.
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/service-worker.js").catch(() => {});
}
