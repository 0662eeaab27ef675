// The live board: asks for new rows when the server tells that there are some, and draws the small curves.
import { fetchJson, s } from "../js/dom.js";

const holder = document.querySelector("[data-rows]");

function spark(values) {
  const top = Math.max(...values, 1);
  const step = 96 / Math.max(values.length - 1, 1);
  const points = values.map((value, at) => [at * step, 22 - (value / top) * 20]);
  const picture = s("svg", { viewBox: "0 0 96 24", preserveAspectRatio: "none", "aria-hidden": "true" });
  picture.append(s("polyline", { points: points.map((point) => point.join(",")).join(" ") }));
  return picture;
}

const known = new Map();

async function drawSparks() {
  const rows = [...document.querySelectorAll("[data-board] tr[data-code]")];
  const wanted = rows.map((row) => row.dataset.code).filter((code) => !known.has(code));
  if (wanted.length && holder) {
    try {
      const { values } = await fetchJson(`${holder.dataset.sparks}?codes=${wanted.join(",")}`);
      for (const [code, list] of Object.entries(values)) known.set(code, list);
    } catch {
      // The curves are an extra; the table and its own message stay.
      return;
    }
  }
  for (const row of document.querySelectorAll("[data-board] tr[data-code]")) {
    const cell = row.querySelector(".spark");
    const list = known.get(row.dataset.code);
    if (cell && list?.length > 1) cell.replaceChildren(spark(list));
  }
}

function figures() {
  const found = new Map();
  for (const row of document.querySelectorAll("[data-board] tr[data-code]")) found.set(row.dataset.code, row.textContent.replace(/\s+/g, " "));
  return found;
}

async function refresh() {
  const before = figures();
  await window.htmx.ajax("GET", holder.dataset.rows, { target: "#board", swap: "outerHTML" });
  for (const row of document.querySelectorAll("[data-board] tr[data-code]"))
    if (before.get(row.dataset.code) !== row.textContent.replace(/\s+/g, " ")) row.classList.add("changed");
  await drawSparks();
}

function listen(element) {
  let wait = 1000;
  const open = () => {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${element.dataset.news}`);
    const badge = document.querySelector("[data-live]");
    socket.onopen = () => {
      wait = 1000;
      if (badge) badge.hidden = false;
    };
    socket.onmessage = (message) => {
      const news = JSON.parse(message.data);
      if (element.dataset.reloadOn) {
        if (news.type === element.dataset.reloadOn || news.type === "reconnected") location.reload();
      } else if (news.type !== "alert") refresh();
    };
    socket.onclose = (event) => {
      if (badge) badge.hidden = true;
      if (event.code >= 4400 && event.code < 4500) return;
      setTimeout(open, wait);
      wait = Math.min(wait * 2, 30_000);
    };
  };
  open();
}

for (const element of document.querySelectorAll("[data-news]")) listen(element);
drawSparks();
