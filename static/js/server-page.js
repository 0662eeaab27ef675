import { readJson } from "./dom.js";
import { fillKey, keyOf } from "./connect.js";

const { slug } = readJson("server-data");
fillKey(document, keyOf(slug));

// Plotly measures its box, which has no size in a hidden tab.
document.addEventListener("portal:tab", () => dispatchEvent(new Event("resize")));
