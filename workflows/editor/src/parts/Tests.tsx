// The Tests panel: runs that were saved as tests, replayed against the draft without calling any service.
import { useEffect, useState } from "react";
import type { Case } from "../core/api";
import { t } from "../core/texts";
import { Icon, moment, number, useEditor } from "./common";
import { explain, Failure } from "./RunDialog";

const verdict = (bad: number, count: number): string =>
  count === 1 ? t(bad ? "test_fails" : "test_passes") : bad ? t("tests_fail", number(bad), number(count)) : t("tests_pass", number(count));

export function Tests() {
  const editor = useEditor();
  const run = editor.use((state) => (["succeeded", "failed"].includes(state.overlay.state) ? state.run : null));
  const [cases, setCases] = useState<Case[] | null>(null);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const [name, setName] = useState("");
  const [ignored, setIgnored] = useState("");
  const { may } = editor.setup;
  const attempt = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setFailed("");
    try {
      await work();
    } catch (error) {
      setFailed(explain(error, []).text);
    }
    setBusy(false);
  };
  useEffect(() => { void attempt(async () => setCases(await editor.api.cases())); }, [editor]);
  const check = () => attempt(async () => {
    if (may.edit && !(await editor.save())) throw new Error(editor.store.get().saveNote || t("not_saved_yet"));
    const found = await editor.api.runCases();
    setCases(found);
    const bad = found.filter((item) => !item.passed).length;
    editor.store.set({ announce: verdict(bad, found.length) });
  });
  const keep = () => attempt(async () => {
    await editor.api.makeCase(run!, name.trim(), ignored.split(/[\s,]+/).filter(Boolean));
    setName("");
    setIgnored("");
    setCases(await editor.api.cases());
  });
  const bad = cases?.filter((item) => item.passed === false).length ?? 0;
  const known = cases?.filter((item) => item.passed !== null).length ?? 0;
  return (
    <div className="ed-pad ed-form">
      <div className="row">
        <span className="small grow" role="status">{cases?.length ? (known < cases.length ? t("tests_count", number(cases.length)) : verdict(bad, cases.length)) : ""}</span>
        {may.run && <button type="button" className="button button-small" id="tests-run" disabled={busy || !cases?.length} onClick={() => void check()}><Icon name="play" />{t("tests_run")}</button>}
      </div>
      <Failure error={failed} />
      {cases?.length === 0 && <p className="field-help">{t("no_tests")}</p>}
      {cases?.map((item) => (
        <article className="ed-case" key={item.id} data-passed={item.passed ?? undefined}>
          <header><span className="status" data-state={item.passed === null ? "idle" : item.passed ? "succeeded" : "failed"}><Icon name={item.passed === null ? "circle" : item.passed ? "tick" : "cross"} /><span className="visually-hidden">{t(item.passed === null ? "test_new" : item.passed ? "test_passed" : "test_failed")}</span></span>
            <strong className="grow truncate" title={item.name}>{item.name}</strong>
            {item.recorded_from && <button type="button" className="button button-quiet button-icon button-small" aria-label={t("test_source", item.name)} title={t("test_source", item.name)} onClick={() => void editor.openRun(item.recorded_from!)}><Icon name="eye" /></button>}
            {may.edit && <button type="button" className="button button-quiet button-icon button-small" aria-label={t("test_delete", item.name)} title={t("test_delete", item.name)} onClick={() => void attempt(async () => { await editor.api.deleteCase(item.id); setCases(await editor.api.cases()); })}><Icon name="trash" /></button>}</header>
          <small>{item.checked_at ? t(item.passed ? "test_passed_at" : "test_failed_at", moment(item.checked_at)) : t("test_new")}{item.ignored.length > 0 && ` · ${t("test_ignores", item.ignored.join(", "))}`}</small>
          {item.passed === false && item.message && <pre>{item.message}</pre>}
        </article>
      ))}
      {may.edit && (
        <form className="ed-section ed-form" onSubmit={(event) => { event.preventDefault(); void keep(); }}>
          <h2 className="ed-heading">{t("test_add")}</h2>
          {run ? (
            <>
              <div className="field"><label htmlFor="test-name">{t("name")}</label><input id="test-name" value={name} maxLength={120} required onChange={(event) => setName(event.target.value)} /></div>
              <div className="field"><label htmlFor="test-ignored">{t("test_ignored")}<span className="field-optional">{t("optional")}</span></label><input id="test-ignored" className="mono" value={ignored} placeholder="as_of, rows[].seen_at" onChange={(event) => setIgnored(event.target.value)} /></div>
              <button type="submit" className="button button-small button-primary" id="test-save" disabled={busy || !name.trim()}>{t("test_save")}</button>
            </>
          ) : <p className="field-help">{t("test_needs_run")}</p>}
        </form>
      )}
    </div>
  );
}
