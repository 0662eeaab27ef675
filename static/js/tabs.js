// `<div class="tabs" role="tablist" data-remember>` with `<button role="tab" id="tab-usage" aria-controls="…">`; the choice is
// kept in the address as `#view=usage`, which names no element, so that the browser does not scroll or move the focus.
const hashOf = (tab) => `#view=${tab.id.replace(/^tab-/, "")}`;

function select(tab, { focus = false, remember = false } = {}) {
  const list = tab.closest('[role="tablist"]');
  for (const other of list.querySelectorAll('[role="tab"]')) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    const panel = document.getElementById(other.getAttribute("aria-controls"));
    if (panel) panel.hidden = !chosen;
  }
  if (focus) tab.focus();
  if (remember && tab.id && list.hasAttribute("data-remember")) history.replaceState(null, "", hashOf(tab));
  tab.dispatchEvent(new CustomEvent("portal:tab", { bubbles: true }));
}

export function initTabs(root) {
  for (const list of root.querySelectorAll('[role="tablist"]:not([data-ready])')) {
    list.dataset.ready = "";
    const tabs = [...list.querySelectorAll('[role="tab"]')];
    for (const tab of tabs) {
      const panel = document.getElementById(tab.getAttribute("aria-controls"));
      panel?.setAttribute("role", "tabpanel");
      if (tab.id) panel?.setAttribute("aria-labelledby", tab.id);
      tab.addEventListener("click", () => select(tab, { remember: true }));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        select(tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length], { focus: true, remember: true });
      });
    }
    const wanted = tabs.find((tab) => tab.id && hashOf(tab) === location.hash);
    select(wanted ?? tabs.find((tab) => tab.getAttribute("aria-selected") === "true") ?? tabs[0]);
  }
}
