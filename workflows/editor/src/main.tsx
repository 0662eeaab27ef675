import "@xyflow/react/dist/base.css";
import "./styles/frame.css";
import "./styles/canvas.css";
import "./styles/panels.css";
import { createRoot } from "react-dom/client";
import type { Setup } from "./core/api";
import { createEditor } from "./core/editor";
import { App } from "./parts/App";
import { EditorContext } from "./parts/common";

const setup = JSON.parse(document.getElementById("editor-setup")!.textContent!) as Setup;
const editor = createEditor(setup);
createRoot(document.getElementById("editor")!).render(
  <EditorContext.Provider value={editor}>
    <App />
  </EditorContext.Provider>,
);
// The run page sends people here with the run whose data they want to see.
const wanted = new URLSearchParams(location.search).get("run");
void editor.load().then(editor.enter).then(editor.comments.read).then(() => (wanted ? editor.openRun(wanted) : undefined));
