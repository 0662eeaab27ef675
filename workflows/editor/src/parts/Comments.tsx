// The Comments panel: threads about the selected node or about everything; write, answer, settle.
import { useState } from "react";
import type { Comment } from "../core/api";
import { threadsOf, type Thread } from "../core/comments";
import { graphAt, titleOf } from "../core/model";
import { t } from "../core/texts";
import { Icon, moment, useEditor } from "./common";
import { explain, Failure } from "./RunDialog";

export function Comments() {
  const editor = useEditor();
  const comments = editor.use((state) => state.comments);
  const here = editor.use((state) => (state.selected.length === 1 ? [...state.level, state.selected[0]].join("/") : ""));
  const definition = editor.use((state) => state.history.present);
  const [settled, setSettled] = useState(false);
  const threads = threadsOf(comments);
  const mine = here ? threads.filter((thread) => thread.first.node === here) : threads;
  const shown = mine.filter((thread) => settled || !thread.first.resolved_at);
  const hidden = mine.length - mine.filter((thread) => !thread.first.resolved_at).length;
  const name = (path: string): string => {
    if (!path) return t("whole_workflow");
    const parts = path.split("/");
    const node = graphAt(definition, parts.slice(0, -1)).nodes.find((item) => item.id === parts.at(-1));
    return node ? titleOf(node, editor.actionOf(node)) : t("node_gone", path);
  };
  return (
    <div className="ed-pad ed-form ed-comments">
      {editor.setup.may.edit && <Write key={here} label={t("comment_about", name(here))} submit={t("comment_send")} onSend={(text) => editor.comments.add(text, here)} />}
      {shown.length === 0 && <p className="field-help">{t(here ? "no_comments_here" : "no_comments")}</p>}
      {shown.map((thread) => <Talk key={thread.first.id} thread={thread} about={name(thread.first.node)} />)}
      {hidden > 0 && <button type="button" className="button button-quiet button-small" aria-pressed={settled} onClick={() => setSettled(!settled)}>{t(settled ? "hide_settled" : "show_settled", hidden)}</button>}
      {here && threads.length > mine.length && <button type="button" className="button button-quiet button-small" onClick={() => editor.store.set({ selected: [] })}>{t("all_comments", threads.length)}</button>}
    </div>
  );
}

function Talk({ thread: { first, answers }, about }: { thread: Thread; about: string }) {
  const editor = useEditor();
  const [answering, setAnswering] = useState(false);
  const may = editor.setup.may.edit;
  const attempt = (work: Promise<void>) => void work.catch((error: unknown) => editor.tell(explain(error, []).text, "danger"));
  return (
    <article className="ed-thread" data-settled={first.resolved_at ? true : undefined} aria-label={t("comment_about", about)}>
      <header>
        <button type="button" className="ed-link truncate" onClick={() => editor.goTo(first.node)}>{about}</button>
        <span className="grow" />
        {may && <button type="button" className="button button-quiet button-small" onClick={() => attempt(editor.comments.settle(first.id, !first.resolved_at))}><Icon name={first.resolved_at ? "undo" : "check"} />{t(first.resolved_at ? "comment_open" : "comment_settle")}</button>}
      </header>
      {[first, ...answers].map((comment) => <Remark key={comment.id} comment={comment} attempt={attempt} />)}
      {first.resolved_at && <p className="field-help ed-inline"><Icon name="check" />{t("settled_by", first.resolver ?? t("somebody"), moment(first.resolved_at))}</p>}
      {may && !first.resolved_at && (answering
        ? <Write label={t("comment_answer")} submit={t("comment_answer")} focused onSend={async (text) => { await editor.comments.add(text, first.node, first.id); setAnswering(false); }} onCancel={() => setAnswering(false)} />
        : <button type="button" className="ed-link" onClick={() => setAnswering(true)}>{t("comment_answer")}</button>)}
    </article>
  );
}

function Remark({ comment, attempt }: { comment: Comment; attempt: (work: Promise<void>) => void }) {
  const editor = useEditor();
  const [mending, setMending] = useState(false);
  const { may, me } = editor.setup;
  const own = Boolean(me) && comment.author_id === me;
  if (mending) return <Write label={t("comment_mend")} submit={t("save")} start={comment.text} focused onSend={async (text) => { await editor.comments.mend(comment.id, text); setMending(false); }} onCancel={() => setMending(false)} />;
  return (
    <div className="ed-remark">
      <p className="ed-said"><strong className="truncate">{comment.author ?? t("somebody")}</strong><time dateTime={comment.created_at}>{moment(comment.created_at)}{comment.edited_at ? ` · ${t("comment_edited")}` : ""}</time>
        <span className="grow" />
        {may.edit && own && <button type="button" className="button button-quiet button-icon button-small" aria-label={t("comment_mend")} title={t("comment_mend")} onClick={() => setMending(true)}><Icon name="edit" /></button>}
        {may.edit && (own || may.moderate) && <button type="button" className="button button-quiet button-icon button-small" aria-label={t("delete")} title={t("delete")} onClick={() => attempt(editor.comments.remove(comment.id))}><Icon name="trash" /></button>}</p>
      <p className="ed-words">{comment.text}</p>
    </div>
  );
}

function Write({ label, submit, start = "", focused, onSend, onCancel }: { label: string; submit: string; start?: string; focused?: boolean; onSend: (text: string) => Promise<void>; onCancel?: () => void }) {
  const [text, setText] = useState(start);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const send = async () => {
    if (!text.trim() || busy) return;
    setBusy(true);
    setFailed("");
    try {
      await onSend(text.trim());
      setText("");
    } catch (error) {
      setFailed(explain(error, []).text);
    }
    setBusy(false);
  };
  return (
    <form className="ed-write" onSubmit={(event) => { event.preventDefault(); void send(); }}>
      <textarea
        className="no-shortcuts" rows={2} value={text} maxLength={4000} aria-label={label} placeholder={label} autoFocus={focused}
        onChange={(event) => setText(event.target.value)} onKeyDown={(event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); void send(); } }}
      />
      <Failure error={failed} />
      {(text || onCancel) && <div className="row"><span className="tiny faint grow">Ctrl+Enter</span>{onCancel && <button type="button" className="button button-small" onClick={onCancel}>{t("cancel")}</button>}<button type="submit" className="button button-small button-primary" disabled={busy || !text.trim()}>{submit}</button></div>}
    </form>
  );
}
