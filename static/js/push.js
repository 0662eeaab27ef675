// Switches push messages on for this browser.
import { fetchJson } from "./dom.js";
import { toast } from "./toast.js";

const card = document.querySelector("[data-push]");
const button = card?.querySelector("[data-push-on]");
const state = card?.querySelector("[data-push-state]");

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "="));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

/** A name by which the person knows this browser again. */
function nameOfBrowser() {
  const agent = navigator.userAgent;
  const browser = /Edg\//.test(agent) ? "Edge" : /SamsungBrowser/.test(agent) ? "Samsung Internet" : /Firefox\//.test(agent) ? "Firefox" : /Chrome\//.test(agent) ? "Chrome" : "Safari";
  const system = /Android/.test(agent) ? "Android" : /iPhone|iPad/.test(agent) ? "iOS" : /Mac/.test(agent) ? "Mac" : /Windows/.test(agent) ? "Windows" : "Linux";
  return `${browser}, ${system}`;
}

async function subscribe() {
  button.disabled = true;
  try {
    if ((await Notification.requestPermission()) !== "granted") throw new Error(gettext("The browser was told not to show messages of this site. Allow them in its settings."));
    const worker = await navigator.serviceWorker.ready;
    // A subscription made with another key of this site would never be delivered to.
    await (await worker.pushManager.getSubscription())?.unsubscribe();
    const subscription = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(card.dataset.key) });
    await fetchJson(card.dataset.subscribe, { method: "POST", body: { name: nameOfBrowser(), subscription: subscription.toJSON() } });
    location.reload();
  } catch (error) {
    toast(error.message, "danger");
    button.disabled = false;
  }
}

if (card) {
  if ("serviceWorker" in navigator && "PushManager" in window) {
    button.disabled = false;
    button.addEventListener("click", subscribe);
  } else {
    state.textContent = gettext("This browser cannot receive push messages here. It needs https, and on an iPhone the installed app.");
  }
}
