// Fills the icon gallery of the style page from the sprite itself.
import { h, icon } from "./dom.js";

const gallery = document.getElementById("icon-gallery");
const text = await (await fetch(gallery.dataset.sprite)).text();
for (const [, name] of text.matchAll(/<symbol id="([^"]+)"/g))
  gallery.append(h("span", { class: "badge", title: name }, icon(name, "icon-l"), name));
