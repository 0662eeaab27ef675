// Shows push messages while no page is open, and opens what they speak of.
const ICON = "{% static 'icons/app-192.png' %}";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let note = {};
  try {
    note = event.data.json();
  } catch {
    // A message that cannot be read still tells that there is one.
  }
  event.waitUntil(
    self.registration.showNotification(note.title || "Portal", {
      body: note.body || "",
      icon: ICON,
      badge: ICON,
      tag: note.tag,
      lang: note.language,
      requireInteraction: note.severity === "critical",
      data: { url: note.url || "/notifications/" },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const wanted = new URL(event.notification.data?.url || "/notifications/", self.location.origin);
  const url = wanted.origin === self.location.origin ? wanted.href : `${self.location.origin}/notifications/`;
  event.waitUntil(
    self.clients.matchAll({ type: "window", includeUncontrolled: true }).then((windows) => {
      const open = windows.find((window) => window.url === url) ?? windows[0];
      if (!open) return self.clients.openWindow(url);
      return open.focus().then((window) => (window.url === url ? window : window.navigate(url)));
    }),
  );
});
