import { h, icon } from "./dom.js";

const ICONS = { info: "info", success: "tick", warning: "alert", danger: "cross" };
const SECONDS = 7;

/** News about work in the background; form errors belong to their field instead. */
export function toast(message, kind = "info", link = null) {
  const box = document.getElementById("toasts");
  const element = h(
    "div",
    { class: "toast" },
    icon(ICONS[kind] ?? "info", `text-${kind}`),
    h("p", {}, message, link ? " " : null, link ? h("a", { href: link.href }, link.label) : null),
    h("button", { type: "button", class: "button button-quiet button-icon button-small", "data-dismiss": true, "aria-label": gettext("Dismiss") }, icon("x")),
  );
  box.append(element);
  if (kind !== "danger") setTimeout(() => element.remove(), SECONDS * 1000);
  return element;
}
