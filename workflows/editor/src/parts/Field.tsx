// One field of a JSON Schema form; every field can hold an expression instead of a literal.
import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import type { Schema } from "../core/model";
import { humanise, isExpression, kindOf, resolve, unwrap } from "../core/schema";
import { t } from "../core/texts";
import { Icon } from "./common";
import { DateControl, DurationControl, FileControl, PeopleControl, SecretControl } from "./Controls";
import { Expression } from "./Expression";
import { OptionsControl, useChoices } from "./OptionsControl";

export interface FieldProps {
  name: string;
  path: string;
  schema: Schema;
  root: Schema;
  value: unknown;
  required?: boolean;
  problems: { field: string; message: string; remedy: string; severity: string }[];
  onChange: (value: unknown) => void;
  /** Forms of a run take literals only. */
  plain?: boolean;
}

export function Field(props: FieldProps) {
  const { name, path, root, value, required, problems, onChange, plain } = props;
  const id = useId();
  const { schema, nullable } = unwrap(props.schema, root);
  const kind = kindOf(schema, root);
  const written = isExpression(value);
  const [fx, setFx] = useState(written);
  useEffect(() => { if (written) setFx(true); }, [written]);
  const mine = problems.filter((problem) => problem.field === path || (kind !== "object" && problem.field.startsWith(`${path}.`)) || problem.field.startsWith(`${path}[`));
  const label = schema.title && schema.title !== name && !/^[A-Z]\w+$/.test(schema.title) ? schema.title : humanise(name);
  const toggle = () => {
    if (!fx) {
      setFx(true);
      if (value === undefined) return;
      return;
    }
    setFx(false);
    if (written) onChange(undefined);
  };
  return (
    <div
      onDragOver={plain ? undefined : (event) => { if (event.dataTransfer.types.includes("text/plain")) event.preventDefault(); }}
      onDrop={plain ? undefined : (event) => {
        const dropped = event.dataTransfer.getData("text/plain");
        if (!/^\{\{.*\}\}$/s.test(dropped.trim()) || (event.target as Element).closest(".ed-expression")) return;
        event.preventDefault();
        setFx(true);
        onChange(dropped.trim());
      }}
      className="ed-field field" data-field={path} data-bad={mine.length ? true : undefined}>
      <label htmlFor={id} id={`${id}-label`}>
        <span>{label}</span>
        {!required && <span className="field-optional">{t("optional")}</span>}
        <span className="grow" />
        {!plain && (
          <button type="button" className="ed-fx" aria-pressed={fx} title={t("fx_help")} aria-label={t("fx_of", label)} onClick={toggle}>fx</button>
        )}
      </label>
      {fx && !plain
        ? <Expression id={id} value={value} onChange={onChange} />
        : <Control {...props} id={id} schema={schema} kind={kind} nullable={nullable} />}
      {schema.description && <p className="field-help">{schema.description}</p>}
      {mine.map((problem) => (
        <p className="field-errors" key={problem.message} data-severity={problem.severity}><Icon name="alert" /><span>{problem.message} {problem.remedy}</span></p>
      ))}
    </div>
  );
}

type ControlProps = FieldProps & { id: string; kind: ReturnType<typeof kindOf>; nullable: boolean };

function Control(props: ControlProps): ReactNode {
  const { id, schema, root, value, kind, onChange, required } = props;
  const shown = schema.default;
  const listed = useChoices(props.path);
  if (listed) return <OptionsControl id={id} path={props.path} value={value} onChange={onChange} required={required} />;
  switch (kind) {
    case "choice": {
      const options: unknown[] = schema.enum ?? [schema.const];
      return (
        <select id={id} value={value === undefined ? "" : JSON.stringify(value)} onChange={(event) => onChange(event.target.value ? JSON.parse(event.target.value) : undefined)}>
          <option value="">{shown !== undefined && shown !== null ? t("default_is", String(shown)) : required ? t("choose") : t("none")}</option>
          {options.map((option) => <option key={String(option)} value={JSON.stringify(option)}>{String(option)}</option>)}
        </select>
      );
    }
    case "boolean": {
      const on = typeof value === "boolean" ? value : shown === true;
      return (
        <button id={id} type="button" role="switch" aria-checked={on} className="ed-switch" onClick={() => onChange(!on)}>
          <span /> {t(on ? "yes" : "no")}
        </button>
      );
    }
    case "number":
      return (
        <input
          id={id} type="number" inputMode="decimal" value={typeof value === "number" ? value : ""} min={schema.minimum} max={schema.maximum}
          step={schema.type === "integer" ? 1 : "any"} placeholder={shown === undefined || shown === null ? undefined : String(shown)}
          onChange={(event) => onChange(event.target.value === "" ? undefined : event.target.valueAsNumber)}
        />
      );
    case "choices": {
      const items = resolve(schema.items, root).enum as unknown[];
      const chosen: unknown[] = Array.isArray(value) ? value : Array.isArray(shown) ? shown : [];
      return (
        <div className="ed-chips" role="group" aria-labelledby={`${id}-label`}>
          {items.map((item) => (
            <button key={String(item)} type="button" aria-pressed={chosen.includes(item)} onClick={() => onChange(chosen.includes(item) ? chosen.filter((other) => other !== item) : [...chosen, item])}>{String(item)}</button>
          ))}
        </div>
      );
    }
    case "list":
      return <ListControl {...props} />;
    case "object":
      return <Group {...props} />;
    case "long":
    case "any":
      return <JsonOrText {...props} />;
    case "date":
      return <DateControl id={id} value={value} onChange={onChange} schema={schema["x-widget"] === "date" && !schema.format ? { ...schema, format: "date" } : schema} />;
    case "duration":
      return <DurationControl id={id} value={value} onChange={onChange} />;
    case "people":
      return <PeopleControl id={id} value={value} onChange={onChange} required={required} />;
    case "file":
      return <FileControl id={id} value={value} onChange={onChange} />;
    case "secret":
      return <SecretControl id={id} value={value} onChange={onChange} required={required} placeholder={shown ? String(shown) : undefined} />;
    default:
      return (
        <input
          id={id} type="text" autoComplete="off" value={typeof value === "string" ? value : value === undefined || value === null ? "" : String(value)}
          placeholder={shown === undefined || shown === null ? schema.examples?.[0] : String(shown)}
          onChange={(event) => onChange(event.target.value === "" && !required ? undefined : event.target.value)}
        />
      );
  }
}

function Group({ schema, root, value, path, problems, onChange, plain }: ControlProps) {
  const held = (value && typeof value === "object" && !Array.isArray(value) ? value : {}) as Record<string, unknown>;
  return (
    <fieldset className="ed-nest">
      {Object.entries(schema.properties as Record<string, Schema>).map(([name, part]) => (
        <Field
          key={name} name={name} path={`${path}.${name}`} schema={part} root={root} value={held[name]} plain={plain}
          required={schema.required?.includes(name)} problems={problems}
          onChange={(next) => {
            const { [name]: _, ...rest } = held;
            const whole = next === undefined ? rest : { ...rest, [name]: next };
            onChange(Object.keys(whole).length ? whole : undefined);
          }}
        />
      ))}
    </fieldset>
  );
}

function ListControl({ id, schema, root, value, path, problems, onChange, plain }: ControlProps) {
  const items: unknown[] = Array.isArray(value) ? value : [];
  const part = unwrap(schema.items, root).schema;
  const kind = kindOf(part, root);
  const fresh = () => (kind === "number" ? (part.minimum ?? 0) : kind === "boolean" ? false : kind === "object" ? {} : kind === "any" || kind === "list" ? null : part.enum?.[0] ?? "");
  return (
    <div className="ed-list" role="group" aria-labelledby={`${id}-label`}>
      {items.map((item, index) => (
        <div className="ed-list-item" key={index}>
          <Field name={String(index + 1)} path={`${path}[${index}]`} schema={schema.items ?? {}} root={root} value={item} required problems={problems} plain={plain}
            onChange={(next) => onChange(items.map((other, place) => (place === index ? next ?? "" : other)))} />
          <button type="button" className="button button-quiet button-icon button-small" aria-label={t("remove_item", index + 1)} onClick={() => onChange(items.length > 1 ? items.filter((_, place) => place !== index) : undefined)}><Icon name="trash" /></button>
        </div>
      ))}
      <button type="button" className="button button-small" id={id} onClick={() => onChange([...items, fresh()])}><Icon name="plus" />{t("add_item")}</button>
    </div>
  );
}

/** Free text, or JSON for fields that take anything: what parses as JSON becomes its value. */
function JsonOrText({ id, kind, value, schema, onChange, required }: ControlProps) {
  const show = (given: unknown) => (given === undefined ? "" : typeof given === "string" ? given : JSON.stringify(given, null, 2));
  const [text, setText] = useState(() => show(value));
  const last = useRef<unknown>(value);
  useEffect(() => {
    if (JSON.stringify(last.current) === JSON.stringify(value)) return;
    last.current = value;
    setText(show(value));
  }, [value]);
  const read = (given: string): unknown => {
    if (kind === "long" || !given.trim()) return given === "" && !required ? undefined : given;
    try { return JSON.parse(given); } catch { return given; }
  };
  return (
    <textarea
      id={id} className={kind === "any" || schema["x-widget"] === "code" ? "mono no-shortcuts" : "no-shortcuts"} rows={Math.min(14, Math.max(3, text.split("\n").length + 1))} value={text} spellCheck={kind === "long" && schema["x-widget"] !== "code"}
      placeholder={schema.default !== undefined && schema.default !== null ? show(schema.default) : kind === "any" ? t("json_or_text") : undefined}
      onChange={(event) => { setText(event.target.value); last.current = read(event.target.value); onChange(last.current); }}
    />
  );
}
