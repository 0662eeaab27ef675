// An empty canvas: the three ways to begin.
import { t, type Key } from "../core/texts";
import { Icon, useEditor } from "./common";
import { later } from "./keys";

export function Start() {
  const editor = useEditor();
  const { may, urls } = editor.setup;
  if (!may.edit) return <div className="ed-blank"><p className="muted">{t("read_only")}</p></div>;
  const words = (icon: string, title: Key, help: Key) => <><span className="ed-tile"><Icon name={icon} large /></span><span className="grow"><strong>{t(title)}</strong><small>{t(help)}</small></span></>;
  const paste = () => {
    // Browsers that do not let pages read the clipboard, and empty ones, lead to the file.
    const file = () => document.getElementById("import-file")?.click();
    if (!navigator.clipboard?.readText) return file();
    navigator.clipboard.readText().then((text) => { if (!text.trim().startsWith("{")) file(); else editor.importText(text); }, file);
  };
  return (
    <div className="ed-blank">
      <h2>{t("start_title")}</h2>
      <div className="ed-starts">
        <button type="button" id="start-add" onClick={() => { editor.store.set({ panel: "add" }); later(() => document.getElementById("palette-search")?.focus()); }}>{words("plus", "start_add", "start_add_help")}<kbd>N</kbd></button>
        <a id="start-template" href={urls.templates}>{words("template", "start_template", "start_template_help")}</a>
        <button type="button" id="start-paste" onClick={paste}>{words("copy", "start_paste", "start_paste_help")}</button>
      </div>
    </div>
  );
}
