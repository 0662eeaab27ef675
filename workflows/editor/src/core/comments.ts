// What people say about the nodes: threads, kept on the server beside the draft.
import { ApiError, type Comment } from "./api";
import type { Core } from "./state";

export interface Thread {
  first: Comment;
  answers: Comment[];
}

/** Threads, open ones first, each side newest first. */
export function threadsOf(comments: Comment[]): Thread[] {
  const answers = new Map<string, Comment[]>();
  for (const item of comments) if (item.thread) answers.set(item.thread, [...(answers.get(item.thread) ?? []), item]);
  const threads = comments.filter((item) => !item.thread).map((first) => ({ first, answers: answers.get(first.id) ?? [] }));
  const newest = (thread: Thread) => (thread.answers.at(-1) ?? thread.first).created_at;
  return threads.sort((a, b) => Number(Boolean(a.first.resolved_at)) - Number(Boolean(b.first.resolved_at)) || (newest(a) < newest(b) ? 1 : -1));
}

const counts = new WeakMap<Comment[], Map<string, number>>();

/** Remarks in open threads by node. */
export function openOf(comments: Comment[]): Map<string, number> {
  let found = counts.get(comments);
  if (!found) {
    found = new Map();
    for (const { first, answers } of threadsOf(comments)) if (!first.resolved_at) found.set(first.node, (found.get(first.node) ?? 0) + 1 + answers.length);
    counts.set(comments, found);
  }
  return found;
}

export function createComments({ api, store, tell }: Core) {
  async function read(): Promise<void> {
    try {
      store.set({ comments: await api.comments() });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) tell((error as Error).message, "danger");
    }
  }
  const then = async (work: Promise<unknown>): Promise<void> => {
    await work;
    await read();
  };
  return {
    read,
    add: (text: string, node: string, thread?: string) => then(api.comment(text, node, thread)),
    mend: (id: string, text: string) => then(api.changeComment(id, { text })),
    settle: (id: string, resolved: boolean) => then(api.changeComment(id, { resolved })),
    remove: (id: string) => then(api.deleteComment(id)),
  };
}
