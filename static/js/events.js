// The ordered story of one execution over a WebSocket: every event once, in order, whatever happens to the connection.
const FIRST_WAIT = 250;
const LONGEST_WAIT = 8000;
const GAP_PATIENCE = 1500;
// A resumed run goes on after its failure, so the last word counts only when nothing follows it.
const QUIET_AFTER_END = 2000;
const LAST_WORDS = new Set(["run.succeeded", "run.failed", "run.cancelled"]);

export class EventStream {
  /**
   * Calls `onevent(event)` in order of `seq` and `onstate("connecting" | "open" | "lost" | "ended" | "refused")`.
   * `ongap(from, to, next)`: asked again, the server still went on with `next`; without it the stream keeps asking.
   */
  constructor(path, { onevent, onstate = () => {}, ongap = null, after = 0 }) {
    this.path = path;
    this.onevent = onevent;
    this.onstate = onstate;
    this.ongap = ongap;
    this.last = after;
    this.waiting = new Map();
    this.wait = FIRST_WAIT;
    this.ended = false;
    this.reconnects = -1;
  }

  open() {
    if (this.ended) return;
    clearTimeout(this.timer);
    this.reconnects += 1;
    this.onstate("connecting");
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}${this.path}?after=${this.last}`);
    this.socket = socket;
    socket.onopen = () => {
      this.wait = FIRST_WAIT;
      this.onstate("open");
    };
    socket.onmessage = (message) => {
      if (socket === this.socket) this.take(JSON.parse(message.data));
    };
    socket.onclose = (close) => {
      if (socket !== this.socket || this.ended) return;
      // 44xx is the server's word that this will never work: no such run, or not for this person.
      if (close.code >= 4400 && close.code < 4500) {
        this.ended = true;
        this.onstate("refused");
        return;
      }
      this.onstate("lost");
      this.timer = setTimeout(() => this.open(), this.wait * (0.75 + Math.random() / 2));
      this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    };
  }

  take(message) {
    if (message.type === "event") this.add(message.event);
    else if (message.type === "events") for (const event of message.events) this.add(event);
  }

  add(event) {
    if (event.seq <= this.last) return;
    this.waiting.set(event.seq, event);
    this.tell();
    clearTimeout(this.gapTimer);
    if (this.waiting.size) this.gapTimer = setTimeout(() => this.missed(), GAP_PATIENCE);
  }

  tell() {
    while (this.waiting.has(this.last + 1)) {
      const next = this.waiting.get(this.last + 1);
      this.waiting.delete(this.last + 1);
      this.last += 1;
      this.onevent(next);
      clearTimeout(this.endTimer);
      if (LAST_WORDS.has(next.kind)) this.endTimer = setTimeout(() => this.finish(), QUIET_AFTER_END);
    }
  }

  missed() {
    if (!this.ongap || this.askedAfter !== this.last) {
      this.askedAfter = this.last;
      return this.again();
    }
    const next = this.waiting.get(Math.min(...this.waiting.keys()));
    this.ongap(this.last + 1, next.seq - 1, next);
    this.last = next.seq - 1;
    this.tell();
  }

  /** Something is missing between two lines: ask again from the last one we have. */
  again() {
    const old = this.socket;
    this.socket = null;
    old?.close();
    this.open();
  }

  finish() {
    this.ended = true;
    clearTimeout(this.gapTimer);
    this.socket?.close(1000);
    this.onstate("ended");
  }
}
