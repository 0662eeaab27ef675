// The ordered story of one run over a WebSocket: every event once, in order, whatever happens to the connection.
import type { RunEvent } from "./api";

const FIRST_WAIT = 250;
const LONGEST_WAIT = 8000;
const LAST = new Set(["run.succeeded", "run.failed", "run.cancelled"]);

/** Calls `onEvents` with batches in order of `seq`; returns a function that ends the stream. */
export function follow(
  run: string,
  onEvents: (events: RunEvent[]) => void,
  onState: (state: "open" | "lost" | "refused" | "ended") => void,
): () => void {
  let last = 0;
  let wait = FIRST_WAIT;
  let over = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let socket: WebSocket | null = null;

  const open = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const mine = new WebSocket(`${scheme}://${location.host}/ws/executions/${run}?after=${last}`);
    socket = mine;
    mine.onopen = () => {
      wait = FIRST_WAIT;
      onState("open");
    };
    mine.onmessage = (message) => {
      const data = JSON.parse(message.data);
      const fresh = ((data.events ?? []) as RunEvent[]).filter((event) => event.seq > last);
      if (!fresh.length) return;
      last = fresh.at(-1)!.seq;
      onEvents(fresh);
      if (LAST.has(fresh.at(-1)!.kind)) {
        over = true;
        mine.close(1000);
        onState("ended");
      }
    };
    mine.onclose = (close) => {
      if (over || mine !== socket) return;
      // 44xx is the server's word that this will never work: no such run, or not for this person.
      if (close.code >= 4400 && close.code < 4500) {
        over = true;
        onState("refused");
        return;
      }
      onState("lost");
      timer = setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  };
  open();
  return () => {
    over = true;
    clearTimeout(timer);
    socket?.close(1000);
  };
}
