// Reloads the table of collections when the workspace's socket says that one moved.
const table = document.querySelector("[data-monitor]");
const protocol = location.protocol === "https:" ? "wss:" : "ws:";
let waiting = null;
let delay = 1000;

function refresh() {
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    const answer = await fetch(table.dataset.monitor, { headers: { "HX-Request": "true" } });
    if (answer.ok) table.innerHTML = await answer.text();
  }, 200);
}

function listen() {
  const socket = new WebSocket(`${protocol}//${location.host}/ws/monitor`);
  socket.addEventListener("open", () => { delay = 1000; refresh(); });
  socket.addEventListener("message", refresh);
  socket.addEventListener("close", (event) => {
    if (event.code >= 4400) return; // not allowed: trying again cannot help
    setTimeout(listen, delay);
    delay = Math.min(delay * 2, 30000);
  });
}

if (table) listen();
