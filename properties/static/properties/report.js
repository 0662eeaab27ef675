// Shows how a report stands as soon as the workspace's socket says that it moved.
const place = document.querySelector("[data-report]");
const protocol = location.protocol === "https:" ? "wss:" : "ws:";
let delay = 1000;

async function show() {
  const answer = await fetch(place.dataset.url, { headers: { "HX-Request": "true" } });
  if (answer.ok) place.innerHTML = await answer.text();
}

function listen() {
  const socket = new WebSocket(`${protocol}//${location.host}/ws/monitor`);
  // What moved before the socket stood is read once it stands.
  socket.addEventListener("open", () => { delay = 1000; show(); });
  socket.addEventListener("message", (event) => {
    const news = JSON.parse(event.data);
    if (news.type !== "report" || news.id !== place.dataset.report) return;
    show();
    if (news.ended) socket.close(4400);
  });
  socket.addEventListener("close", (event) => {
    if (event.code >= 4400) return; // ended, or not allowed: trying again cannot help
    setTimeout(listen, delay);
    delay = Math.min(delay * 2, 30000);
  });
}

if (place && place.dataset.active) listen();
