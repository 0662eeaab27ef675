// Small helpers for building elements without markup strings.
const sprite = document.querySelector("#icon-template")?.content.querySelector("use")?.getAttribute("href").replace(/#.*/, "") ?? "/static/icons/sprite.svg";
const SVG = "http://www.w3.org/2000/svg";

/** `h("button", {class: "button", onclick: go}, "Go")`; listeners are `on…` functions, never strings. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on") && typeof value === "function") element.addEventListener(key.slice(2), value);
    else if (key === "dataset") Object.assign(element.dataset, value);
    else if (key === "value" && "value" in element) element.value = value;
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An element of an SVG picture. */
export function s(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** A symbol of the sprite. */
export function icon(name, extra = "") {
  const picture = s("svg", { class: `icon ${extra}`, "aria-hidden": "true" });
  picture.append(s("use", { href: `${sprite}#${name}` }));
  return picture;
}

/** The data of a `json_script` element. */
export function readJson(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : null;
}

/** The token that Django wants back with every unsafe request. */
export function csrfToken() {
  return JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";
}

/** Fetches JSON; throws an error with the server's message (problem+json) when it refuses. */
export async function fetchJson(url, { method = "GET", body, signal } = {}) {
  const response = await fetch(url, {
    method,
    signal,
    headers: {
      Accept: "application/json",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(method === "GET" ? {} : { "X-CSRFToken": csrfToken() }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const type = response.headers.get("Content-Type") ?? "";
  const data = type.includes("json") ? await response.json() : null;
  if (!response.ok) {
    const error = new Error(data?.message ?? data?.title ?? `${response.status} ${response.statusText}`);
    error.status = response.status;
    error.problem = data;
    throw error;
  }
  return data;
}

export const language = document.documentElement.lang || "en";
export const formatNumber = (value, options) => new Intl.NumberFormat(language, options).format(value);

/** Milliseconds for people: 340 ms, 1.2 s, 2 min 5 s. */
export function formatDuration(ms) {
  if (ms < 1000) return interpolate(gettext("%s ms"), [formatNumber(ms, { maximumFractionDigits: ms < 10 ? 1 : 0 })]);
  if (ms < 60000) return interpolate(gettext("%s s"), [formatNumber(ms / 1000, { maximumFractionDigits: 1 })]);
  return interpolate(gettext("%s min %s s"), [Math.floor(ms / 60000), Math.floor((ms % 60000) / 1000)]);
}

export function formatSize(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1048576) return `${formatNumber(bytes / 1024, { maximumFractionDigits: 1 })} KiB`;
  return `${formatNumber(bytes / 1048576, { maximumFractionDigits: 1 })} MiB`;
}
