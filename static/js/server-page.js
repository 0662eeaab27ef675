// The page of a server: keys filled into the instructions, and calls shown as they end.
import { readJson } from "./dom.js";
import { fillKey, keyOf } from "./connect.js";
import { initOffers } from "./offers.js";

const { slug, socket: path } = readJson("server-data");
fillKey(document, keyOf(slug));
initOffers();

// Plotly measures its box, which has no size in a hidden tab.
document.addEventListener("portal:tab", () => dispatchEvent(new Event("resize")));

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
let wait = FIRST_WAIT;
let wasOpen = false;

const refresh = () => window.htmx?.trigger("#live-calls", "portal:calls");

function watch() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}${path}`);
  socket.onmessage = (message) => {
    const { type } = JSON.parse(message.data);
    if (type === "open") {
      wait = FIRST_WAIT;
      // Calls may have ended while nobody told us.
      if (wasOpen) refresh();
      wasOpen = true;
    } else if (type === "calls") refresh();
  };
  socket.onclose = (close) => {
    // 44xx is the server's word that this will never work: no such server, or not for this person.
    if (close.code >= 4400 && close.code < 4500) return;
    setTimeout(watch, wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  };
}
watch();
