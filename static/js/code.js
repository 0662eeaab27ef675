// Colours JSON in code blocks; large texts stay plain so that the page stays quick.
import { h } from "./dom.js";

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const LARGEST = 60000;

/** The text as nodes with coloured tokens. */
export function colourJson(text) {
  const parts = [];
  let last = 0;
  for (const match of text.matchAll(TOKEN)) {
    parts.push(text.slice(last, match.index));
    const kind = match[1] ? (match[2] ? "key" : "string") : match[3] ? "word" : "number";
    parts.push(h("span", { class: `tok-${kind}` }, match[1] ?? match[0]));
    if (match[2]) parts.push(match[2]);
    last = match.index + match[0].length;
  }
  parts.push(text.slice(last));
  return parts;
}

export function initCode(root) {
  for (const block of root.querySelectorAll('.code[data-language="json"]:not([data-ready])')) {
    block.dataset.ready = "";
    const element = block.querySelector("code");
    const text = element.textContent;
    if (text.length <= LARGEST) element.replaceChildren(...colourJson(text));
  }
}

/** A code block like the server's `{% code %}`. */
export function codeBlock(value, { wrap = false } = {}) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  const isJson = typeof value !== "string";
  return h(
    "div",
    { class: `code${wrap ? " code-wrap" : ""}` },
    h("pre", { tabindex: "0" }, h("code", {}, ...(isJson && text.length <= LARGEST ? colourJson(text) : [text]))),
  );
}
