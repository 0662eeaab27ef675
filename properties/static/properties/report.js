// Shows how a report stands as soon as the workspace's socket says that it moved.
const place = document.querySelector("[data-report]");
const protocol = location.protocol === "https:" ? "wss:" : "ws:";
let delay = 1000;

async function show() {
  const answer = await fetch(place.dataset.url, { headers: { "HX-Request": "true" } });
  if (answer.ok) place.innerHTML = await answer.text();
}

/** What moved before the socket stood: an ended report offers files. */
async function lookOnce() {
  await show();
  if (place.querySelector("article")) location.reload();
}

function listen() {
  const socket = new WebSocket(`${protocol}//${location.host}/ws/monitor`);
  socket.addEventListener("open", () => { delay = 1000; lookOnce(); });
  socket.addEventListener("message", (event) => {
    const news = JSON.parse(event.data);
    if (news.type !== "report" || news.id !== place.dataset.report) return;
    // An ended report has charts, which are drawn when the page is.
    if (news.ended) location.reload(); else show();
  });
  socket.addEventListener("close", (event) => {
    if (event.code >= 4400) return; // not allowed: trying again cannot help
    setTimeout(listen, delay);
    delay = Math.min(delay * 2, 30000);
  });
}

if (place && place.dataset.active) listen();
