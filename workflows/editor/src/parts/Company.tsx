// Who is here, in the bar; who writes and how to take over, above the canvas.
import { writerOf, type Person } from "../core/presence";
import { t } from "../core/texts";
import { Icon, useEditor } from "./common";

const initials = (name: string): string => name.split(/[\s@.]+/).filter(Boolean).slice(0, 2).map((part) => part[0].toUpperCase()).join("");
const SHOWN = 4;

export function People() {
  const editor = useEditor();
  const company = editor.use((state) => state.company);
  const others = company.people.filter((person) => person.id !== company.me);
  if (!others.length) return null;
  const words = (person: Person) => (person.id === company.pen ? t("person_writes", person.name) : t("person_looks", person.name));
  return (
    <ul className="ed-people" aria-label={t("people_here")}>
      {others.slice(0, SHOWN).map((person) => <li key={person.id} title={words(person)} data-pen={person.id === company.pen || undefined}><span aria-hidden="true">{initials(person.name)}</span><span className="visually-hidden">{words(person)}</span></li>)}
      {others.length > SHOWN && <li>+{others.length - SHOWN}</li>}
    </ul>
  );
}

export function Pen() {
  const editor = useEditor();
  const company = editor.use((state) => state.company);
  const writer = writerOf(company);
  if (company.asker) {
    const { id, name } = company.asker;
    return (
      <div className="ed-banner" role="alert"><Icon name="hand" /><span className="grow">{t("pen_asked", name)}</span>
        <button type="button" className="button button-small button-primary" id="pen-give" onClick={() => void editor.givePen(id)}>{t("pen_give")}</button>
        <button type="button" className="button button-small" onClick={() => editor.refusePen(id)}>{t("pen_refuse")}</button></div>
    );
  }
  if (!writer || !editor.setup.may.edit) return null;
  const own = company.people.find((person) => person.id === company.me)?.name === writer.name;
  return (
    <div className="ed-banner" role="status" id="pen-other"><Icon name="edit" /><span className="grow">{t(own ? "pen_other_tab" : "pen_other", writer.name)}</span>
      {own || company.mayTake ? <button type="button" className="button button-small button-primary" id="pen-take" onClick={editor.takePen}>{t("pen_take")}</button>
        : company.asked ? <span className="small muted">{t("pen_waiting")}</span>
          : <button type="button" className="button button-small" id="pen-ask" onClick={editor.askForPen}>{t("pen_ask")}</button>}</div>
  );
}
