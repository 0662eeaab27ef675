// Fills a key into the set-up instructions while it is known: in this tab only, never in storage that outlives it.
const PLACEHOLDER = "YOUR_KEY";
const name = (slug) => `mcp-key:${slug}`;

export const keyOf = (slug) => sessionStorage.getItem(name(slug)) ?? "";

export function remember(slug, key) {
  sessionStorage.setItem(name(slug), key);
}

/** Links carry the configuration encoded, so the key is put into the decoded text. */
function link(kind, href, key) {
  if (kind === "vscode") {
    const [start, data] = href.split("?");
    return `${start}?${encodeURIComponent(decodeURIComponent(data).replaceAll(PLACEHOLDER, key))}`;
  }
  const url = href.split("config=");
  const config = atob(decodeURIComponent(url[1])).replaceAll(PLACEHOLDER, key);
  return `${url[0]}config=${encodeURIComponent(btoa(config))}`;
}

export function fillKey(root, key) {
  if (!key) return;
  for (const code of root.querySelectorAll("[data-connect] pre code")) {
    const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) walker.currentNode.data = walker.currentNode.data.replaceAll(PLACEHOLDER, key);
  }
  for (const anchor of root.querySelectorAll("[data-connect] a[data-link]")) {
    if (!anchor.dataset.filled) anchor.href = link(anchor.dataset.link, anchor.getAttribute("href"), key);
    anchor.dataset.filled = "yes";
  }
  for (const hint of root.querySelectorAll("[data-connect] .key-hint")) hint.hidden = true;
}

/** Takes a key that the server just showed in a fragment (`data-fresh-key`, `data-deployed`) and fills it in. */
export function takeFreshKey(root) {
  const element = root.matches?.("[data-deployed]") ? root : root.querySelector("[data-deployed]");
  if (!element) return;
  if (element.dataset.freshKey) remember(element.dataset.deployed, element.dataset.freshKey);
  fillKey(document, keyOf(element.dataset.deployed));
}
