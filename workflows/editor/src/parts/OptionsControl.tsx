// A field whose choices come from the service: type to search, choose with the keyboard, or keep what was typed.
import { createContext, useContext, useEffect, useId, useRef, useState } from "react";
import type { Choice } from "../core/api";
import { t } from "../core/texts";
import { Icon } from "./common";

/** Who lists the choices of a field; null where a form has no such fields. */
export const Choices = createContext<{ fields: string[]; ask: (field: string, query: string) => Promise<Choice[]> } | null>(null);

export const useChoices = (path: string) => {
  const choices = useContext(Choices);
  return choices?.fields.includes(path) ? choices : null;
};

const ASK_AFTER = 250;

export function OptionsControl({ id, path, value, onChange, required }: { id: string; path: string; value: unknown; onChange: (value: unknown) => void; required?: boolean }) {
  const choices = useContext(Choices)!;
  const listId = useId();
  const [query, setQuery] = useState<string | null>(null);
  const [found, setFound] = useState<Choice[] | null>(null);
  const [failed, setFailed] = useState("");
  const [chosen, setChosen] = useState(0);
  const labels = useRef(new Map<string, string>());
  const [, redraw] = useState(0);
  const open = query !== null;
  const written = value === undefined || value === null ? "" : String(value);

  useEffect(() => {
    if (query === null) return;
    let over = false;
    const timer = setTimeout(() => {
      choices.ask(path, query).then(
        (options) => { if (over) return; for (const option of options) labels.current.set(option.value, option.label); setFound(options); setFailed(""); setChosen(0); },
        (error: Error & { remedy?: string }) => { if (!over) { setFound([]); setFailed([error.message, error.remedy].filter(Boolean).join(" ")); } },
      );
    }, query ? ASK_AFTER : 0);
    return () => { over = true; clearTimeout(timer); };
  }, [query, path]);

  // A stored value is an id; its label is asked for once.
  useEffect(() => {
    if (!written || labels.current.has(written)) return;
    let over = false;
    choices.ask(path, "").then((options) => { for (const option of options) labels.current.set(option.value, option.label); if (!over) redraw((count) => count + 1); }, () => undefined);
    return () => { over = true; };
  }, []);

  const accept = (option: Choice) => { onChange(option.value); setQuery(null); };
  const leave = () => {
    if (query) onChange(query);
    setQuery(null);
  };
  const onKey = (event: React.KeyboardEvent) => {
    const list = found ?? [];
    if (event.key === "ArrowDown" && !open) setQuery("");
    else if (event.key === "ArrowDown") setChosen(Math.min(chosen + 1, list.length - 1));
    else if (event.key === "ArrowUp") setChosen(Math.max(chosen - 1, 0));
    else if (event.key === "Enter" && open && list[chosen]) accept(list[chosen]);
    else if (event.key === "Escape" && open) setQuery(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const label = labels.current.get(written);
  return (
    <div className="ed-choose">
      <input
        id={id} role="combobox" aria-autocomplete="list" aria-expanded={open} aria-controls={listId} aria-activedescendant={open && found?.length ? `${listId}-${chosen}` : undefined} autoComplete="off"
        value={query ?? label ?? written} placeholder={t(required ? "choose" : "search_choices")}
        onFocus={(event) => { setQuery(""); event.target.select(); }} onChange={(event) => setQuery(event.target.value)} onBlur={leave} onKeyDown={onKey}
      />
      {written && !open && !required && <button type="button" className="button button-quiet button-icon button-small" aria-label={t("clear")} onClick={() => onChange(undefined)}><Icon name="x" /></button>}
      <div role="listbox" id={listId} className="ed-completions" aria-label={t("choices")} hidden={!open}>
        {open && found === null && <p className="ed-hint">{t("loading")}…</p>}
        {failed && <p className="field-errors" role="alert"><Icon name="alert" /><span>{failed}</span></p>}
        {open && found?.length === 0 && !failed && <p className="ed-hint">{t("nothing_found")}</p>}
        {open && found?.map((option, index) => (
          <div key={option.value} id={`${listId}-${index}`} role="option" aria-selected={index === chosen} className="ed-completion" data-value={option.value} onPointerDown={(event) => { event.preventDefault(); accept(option); }}>
            <span className="truncate">{option.label}</span>{option.label !== option.value && <code className="faint">{option.value}</code>}
          </div>
        ))}
      </div>
      {label && label !== written && !open && <p className="field-help"><code>{written}</code></p>}
    </div>
  );
}
