// Behaviour of the shell and of every component; pages add their own module in `{% block scripts %}`.
import { initCharts } from "./chart.js";
import { initCode } from "./code.js";
import { takeFreshKey } from "./connect.js";
import "./notifications.js";
import { initPalette } from "./palette.js";
import { initTabs } from "./tabs.js";
import { toast } from "./toast.js";
import { startClock } from "./time.js";

const root = document.documentElement;
const isApple = /Mac|iPhone|iPad/.test(navigator.platform);

function remember(name, value) {
  document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax`;
}

/** Copies text and says so on the button for a moment. */
async function copy(button) {
  const block = button.closest(".code");
  const text = button.dataset.copy || block?.querySelector("pre")?.textContent || "";
  try {
    await navigator.clipboard.writeText(text.trimEnd());
  } catch {
    // Plain http on another host has no clipboard interface: select the text instead.
    const area = document.createElement("textarea");
    area.value = text.trimEnd();
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const use = button.querySelector("use");
  const before = use?.getAttribute("href");
  use?.setAttribute("href", before.replace(/#.*/, "#check"));
  button.setAttribute("aria-label", gettext("Copied"));
  setTimeout(() => {
    use?.setAttribute("href", before);
    button.setAttribute("aria-label", gettext("Copy"));
  }, 1400);
}

function openDialog(name) {
  const dialog = document.getElementById(name);
  if (dialog && !dialog.open) dialog.showModal();
}

function setNav(open) {
  root.toggleAttribute("data-nav-open", open);
}

function toggleNav() {
  const shown = getComputedStyle(document.querySelector(".nav .nav-label") ?? root).display !== "none";
  const value = shown ? "narrow" : "wide";
  root.dataset.nav = value;
  remember("nav", value);
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return;
  const on = (selector) => target.closest(selector);
  let hit;
  if ((hit = on("[data-copy]"))) copy(hit);
  else if ((hit = on("[data-dialog]"))) openDialog(hit.dataset.dialog);
  else if ((hit = on("[data-shortcuts-open]"))) openDialog("shortcuts");
  else if ((hit = on("[data-close]"))) hit.closest("dialog")?.close();
  else if ((hit = on("[data-dismiss]"))) hit.closest(".notice, .toast")?.remove();
  else if (on("[data-nav-open]")) setNav(true);
  else if (on("[data-nav-close]")) setNav(false);
  else if (on("[data-nav-toggle]")) toggleNav();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(target) || on("[data-dialog], [data-shortcuts-open]")) menu.open = false;
  }
  // A click on the backdrop of a dialog is a click on the dialog itself, outside its box.
  if (target instanceof HTMLDialogElement && !target.hasAttribute("data-modal")) {
    const box = target.getBoundingClientRect();
    if (event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom)
      target.close();
  }
});

document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable=true], .no-shortcuts");
  if (event.key === "Escape") {
    setNav(false);
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  if (event.defaultPrevented || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "?") openDialog("shortcuts");
  else if (event.key === "[") toggleNav();
  else if (event.key === "/") {
    const field = document.querySelector("main input[type=search]");
    if (field) {
      event.preventDefault();
      field.focus();
    }
  }
});

// Arrow keys walk through an open menu.
document.addEventListener("keydown", (event) => {
  const menu = event.target instanceof Element ? event.target.closest("details.menu[open]") : null;
  if (!menu || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
  const items = [...menu.querySelectorAll(".menu-list :is(a, button)")];
  const step = event.key === "ArrowDown" ? 1 : -1;
  const next = items[(items.indexOf(document.activeElement) + step + items.length) % items.length];
  next?.focus();
  event.preventDefault();
});

// The theme changes at once; the form still tells the server, so that other browsers follow.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = event.submitter;
  if (form.matches("[data-preferences]") && button?.name === "theme") {
    event.preventDefault();
    root.dataset.theme = button.value;
    remember("theme", button.value);
    for (const other of document.querySelectorAll('[name="theme"]'))
      other.setAttribute("aria-pressed", String(other.value === button.value));
    const body = new FormData(form);
    body.set("theme", button.value);
    fetch(form.action, { method: "POST", body, redirect: "manual" });
    document.dispatchEvent(new CustomEvent("portal:theme"));
  }
  if (form.dataset.confirm && !confirm(form.dataset.confirm)) event.preventDefault();
});

// Filters submit themselves when a choice changes.
document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-autosubmit]");
  // What is typed into a menu of a form waits for its own button.
  if (form && !event.target.closest(".menu-form")) form.requestSubmit();
});

document.addEventListener("htmx:sendError", () => toast(gettext("The server cannot be reached. Check the connection and try again."), "danger"));
document.addEventListener("htmx:afterSwap", (event) => {
  initTabs(event.detail.elt);
  initCode(event.detail.elt);
  initCharts(event.detail.elt);
  takeFreshKey(event.detail.elt);
});

for (const key of document.querySelectorAll("[data-shortcut]"))
  key.textContent = isApple ? `⌘${key.dataset.shortcut}` : `Ctrl ${key.dataset.shortcut}`;

initTabs(document);
initCode(document);
initCharts(document);
initPalette();
startClock();

for (const dialog of document.querySelectorAll("dialog[data-open-now]")) dialog.showModal();
