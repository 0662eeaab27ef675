// The command palette: pages, workflows, servers and runs from the server; `>` for commands.
import { fetchJson, h, icon } from "./dom.js";

export function initPalette() {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const field = dialog.querySelector("input");
  const list = dialog.querySelector(".palette-results");
  let pending = null;
  let timer = 0;
  let chosen = 0;

  const options = () => [...list.querySelectorAll("[role=option]")];

  function choose(index) {
    const all = options();
    if (!all.length) return;
    chosen = (index + all.length) % all.length;
    all.forEach((option, i) => option.setAttribute("aria-selected", String(i === chosen)));
    all[chosen].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", all[chosen].id);
  }

  function show(groups) {
    let count = 0;
    list.replaceChildren(
      ...groups.flatMap((group) => [
        h("p", { class: "menu-label" }, group.title),
        ...group.items.map((item) =>
          h(
            "a",
            { href: item.url ?? "#", role: "option", id: `palette-${count++}`, "aria-selected": "false", tabindex: "-1", dataset: item.command ? { command: item.command } : {} },
            icon(item.icon),
            h("span", { class: "truncate" }, item.label),
            h("span", { class: "grow" }),
            h("span", { class: "tiny faint truncate" }, item.hint ?? ""),
          ),
        ),
      ]),
    );
    if (!count) list.replaceChildren(h("p", { class: "empty" }, gettext("Nothing found.")));
    choose(0);
  }

  async function load() {
    pending?.abort();
    pending = new AbortController();
    try {
      const url = `${dialog.dataset.source}?q=${encodeURIComponent(field.value)}`;
      show((await fetchJson(url, { signal: pending.signal })).groups);
    } catch (error) {
      if (error.name !== "AbortError") list.replaceChildren(h("p", { class: "empty" }, error.message));
    }
  }

  function open() {
    if (dialog.open) return;
    dialog.showModal();
    field.select();
    load();
  }

  const COMMANDS = {
    "theme-light": () => document.querySelector('[name="theme"][value="light"]')?.click(),
    "theme-dark": () => document.querySelector('[name="theme"][value="dark"]')?.click(),
    "language-ko": () => document.querySelector('[name="language"][value="ko"]')?.click(),
    "language-en": () => document.querySelector('[name="language"][value="en"]')?.click(),
    "new-workspace": () => document.getElementById("new-workspace")?.showModal(),
  };

  list.addEventListener("click", (event) => {
    const option = event.target.closest("[data-command]");
    if (!option) return;
    event.preventDefault();
    dialog.close();
    COMMANDS[option.dataset.command]?.();
  });
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(load, 90);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Enter") options()[chosen]?.click();
    else if (event.key === "Escape") dialog.close(); // A search field would only empty itself first.
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && !event.shiftKey) {
      event.preventDefault();
      open();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-palette-open]")) open();
  });
}
