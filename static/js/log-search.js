// Regular expressions over a log, in a worker of their own: one that takes for ever is ended, and the page stays alive.
const CHUNK = 2000;
const PATIENCE = 1500;

// Runs inside the worker; it sees nothing of this module.
const WORK = `
  let pattern = null;
  onmessage = ({ data }) => {
    if (data.source !== undefined) pattern = new RegExp(data.source, data.flags);
    else postMessage(data.lines.flatMap((line, place) => (pattern.test(line) ? [place] : [])));
  };
`;

/** The parts of `/pattern/i`; null for anything else. Throws a SyntaxError for a pattern that is none. */
export function parsePattern(text) {
  const parts = /^\/(.+)\/([ims]{0,3})$/.exec(text);
  if (!parts) return null;
  new RegExp(parts[1], parts[2]);
  return { source: parts[1], flags: parts[2] };
}

/** Tests lines in the order in which they were added and calls `onhit(item)` for each that fits, in that order. */
export class PatternSearch {
  constructor({ source, flags }, { onhit, onchunk, onslow }) {
    this.onhit = onhit;
    this.onchunk = onchunk;
    this.onslow = onslow;
    this.waiting = [];
    this.busy = null;
    const address = URL.createObjectURL(new Blob([WORK], { type: "text/javascript" }));
    this.worker = new Worker(address);
    URL.revokeObjectURL(address);
    this.worker.onmessage = ({ data }) => this.answered(data);
    this.worker.postMessage({ source, flags });
  }

  add(item, line) {
    this.waiting.push([item, line]);
    if (!this.busy) this.soon ??= queueMicrotask(() => this.send());
  }

  send() {
    this.soon = undefined;
    if (this.busy || !this.worker || !this.waiting.length) return;
    this.busy = this.waiting.splice(0, CHUNK);
    this.worker.postMessage({ lines: this.busy.map(([, line]) => line) });
    this.alarm = setTimeout(() => {
      this.stop();
      this.onslow();
    }, PATIENCE);
  }

  answered(places) {
    clearTimeout(this.alarm);
    const chunk = this.busy;
    this.busy = null;
    for (const place of places) this.onhit(chunk[place][0]);
    this.onchunk();
    this.send();
  }

  stop() {
    clearTimeout(this.alarm);
    this.worker?.terminate();
    this.worker = null;
    this.waiting = [];
  }
}
