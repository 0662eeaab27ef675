// Who else is here and who writes: one socket per page; editing waits while somebody else holds the pen.
import type { Core } from "./state";
import { t } from "./texts";

const BEAT = 15_000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
/** After this long without an answer, the pen may be taken. */
const PATIENCE = 20_000;

export interface Person {
  id: string;
  name: string;
  writes: boolean;
}

export interface Company {
  me: string;
  people: Person[];
  /** Who holds the pen; empty while nobody does. */
  pen: string;
  /** Since when I wait for the pen. */
  asked: number | null;
  /** Whether I have waited long enough to take it. */
  mayTake: boolean;
  /** Who asks me for it. */
  asker: { id: string; name: string } | null;
}

export const alone: Company = { me: "", people: [], pen: "", asked: null, mayTake: false, asker: null };

/** Somebody else who holds the pen, if there is one. */
export function writerOf(company: Company): Person | null {
  if (!company.pen || company.pen === company.me) return null;
  return company.people.find((person) => person.id === company.pen) ?? null;
}

/** What one message of the server changes. */
export function hear(company: Company, message: any): Company {
  if (message.type === "here") {
    const mine = message.pen === message.me;
    return { ...company, me: message.me, people: message.people, pen: message.pen, ...(mine ? { asked: null, mayTake: false } : { asker: null }) };
  }
  if (message.type === "ask") return { ...company, asker: { id: message.from, name: message.name } };
  if (message.type === "answer") return { ...company, asked: null, mayTake: false };
  return company;
}

export function createPresence({ setup, store, tell }: Core, saving: { save: () => Promise<boolean>; follow: (revision: number, author: string) => Promise<void> }, readComments: () => Promise<void>) {
  const { get, set } = store;
  let socket: WebSocket | null = null;
  let wait = FIRST_WAIT;
  let over = false;
  let patience: ReturnType<typeof setTimeout> | undefined;

  const say = (type: string, more: object = {}) => { if (socket?.readyState === 1) socket.send(JSON.stringify({ type, ...more })); };

  function open(): void {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const mine = new WebSocket(`${scheme}://${location.host}/ws/workflows/${setup.id}/presence`);
    socket = mine;
    const beat = setInterval(() => say("beat"), BEAT);
    mine.onopen = () => { wait = FIRST_WAIT; };
    mine.onmessage = (event) => take(JSON.parse(event.data));
    mine.onclose = (close) => {
      clearInterval(beat);
      // Without news nobody is locked out: what protects the draft is its revision.
      set({ company: alone });
      if (over || (close.code >= 4400 && close.code < 4500)) return;
      setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  }

  function take(message: any): void {
    if (message.type === "draft") return void saving.follow(message.revision, message.by);
    if (message.type === "comments") return void readComments();
    const before = get().company;
    const company = hear(before, message);
    set({ company });
    if (message.type === "answer" && !message.granted) tell(t("pen_refused"), "danger");
    if (before.pen !== before.me && company.pen === company.me && before.pen) tell(t("pen_yours"));
    if (message.type === "ask") set({ announce: t("pen_asked", message.name) });
  }

  return {
    enter: open,
    leave: () => { over = true; socket?.close(1000); },
    askForPen(): void {
      say("ask");
      set((state) => ({ company: { ...state.company, asked: Date.now() } }));
      clearTimeout(patience);
      patience = setTimeout(() => set((state) => (state.company.asked ? { company: { ...state.company, mayTake: true } } : {})), PATIENCE + 500);
    },
    takePen: () => say("take"),
    /** Hand the pen over once everything of mine is stored. */
    async givePen(to: string): Promise<void> {
      if (!(await saving.save())) return tell(t("pen_unsaved"), "danger");
      say("give", { to });
      set((state) => ({ company: { ...state.company, asker: null } }));
    },
    refusePen(to: string): void {
      say("refuse", { to });
      set((state) => ({ company: { ...state.company, asker: null } }));
    },
  };
}
