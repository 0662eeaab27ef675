// A small MCP client over Streamable HTTP for the playground: it shows every frame it sends and receives.
const HANDSHAKE = new Set(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]);
const INFO = { name: "Portal playground", version: "1" };
const META = "io.modelcontextprotocol";

export class McpError extends Error {
  constructor(message, { status, code, data } = {}) {
    super(message);
    Object.assign(this, { status, code, data });
  }
}

export class McpClient {
  /** `onframe({direction, body, bytes, ms, status, headers})` sees every message and HTTP answer. */
  constructor(url, key, protocol, onframe) {
    this.url = url;
    this.key = key;
    this.protocol = protocol;
    this.onframe = onframe;
    this.next = 1;
    this.session = null;
  }

  get isModern() {
    return !HANDSHAKE.has(this.protocol);
  }

  async connect() {
    if (this.isModern) return this.request("server/discover", {});
    const result = await this.request("initialize", { protocolVersion: this.protocol, capabilities: {}, clientInfo: INFO });
    this.protocol = result.protocolVersion ?? this.protocol;
    await this.notify("notifications/initialized");
    return result;
  }

  async tools() {
    const found = [];
    let cursor;
    do {
      const page = await this.request("tools/list", cursor ? { cursor } : {});
      found.push(...page.tools);
      cursor = page.nextCursor;
    } while (cursor);
    return found;
  }

  headers(method, params) {
    const headers = { "Content-Type": "application/json", Accept: "application/json, text/event-stream", Authorization: `Bearer ${this.key}` };
    if (this.isModern) {
      headers["MCP-Protocol-Version"] = this.protocol;
      headers["Mcp-Method"] = method;
      if (params?.name) headers["Mcp-Name"] = params.name;
    } else if (method !== "initialize") {
      headers["MCP-Protocol-Version"] = this.protocol;
      if (this.session) headers["Mcp-Session-Id"] = this.session;
    }
    return headers;
  }

  body(method, params, id, progress) {
    const meta = {};
    if (progress) meta.progressToken = id;
    if (this.isModern) Object.assign(meta, { [`${META}/protocolVersion`]: this.protocol, [`${META}/clientCapabilities`]: {}, [`${META}/clientInfo`]: INFO });
    const full = Object.keys(meta).length ? { ...params, _meta: meta } : params;
    return { jsonrpc: "2.0", ...(id === undefined ? {} : { id }), method, ...(full && Object.keys(full).length ? { params: full } : {}) };
  }

  async post(body, method, params, signal) {
    const text = JSON.stringify(body);
    const headers = this.headers(method, params);
    this.onframe({ direction: "out", body, bytes: text.length, headers });
    const response = await fetch(this.url, { method: "POST", headers, body: text, signal, credentials: "omit" });
    this.session = response.headers.get("Mcp-Session-Id") ?? this.session;
    return response;
  }

  async notify(method, params = {}) {
    const response = await this.post(this.body(method, params), method, params);
    this.onframe({ direction: "in", body: null, bytes: 0, status: response.status, headers: shown(response) });
  }

  /** The result of a request; `onprogress` gets notifications; `signal` cancels it in the way of the era. */
  async request(method, params, { onprogress, signal } = {}) {
    const id = this.next++;
    const started = performance.now();
    // The modern era cancels by closing the stream; the legacy one by a notification, and the answer still comes.
    const stop = () => {
      if (!this.isModern) this.notify("notifications/cancelled", { requestId: id, reason: "Cancelled by the person" }).catch(() => {});
    };
    signal?.addEventListener("abort", stop, { once: true });
    try {
      const response = await this.post(this.body(method, params, id, Boolean(onprogress)), method, params, this.isModern ? signal : undefined);
      const note = (body, bytes) => this.onframe({ direction: "in", body, bytes, ms: performance.now() - started, status: response.status, headers: shown(response) });
      if ((response.headers.get("Content-Type") ?? "").includes("text/event-stream")) {
        for await (const [message, bytes] of frames(response)) {
          note(message, bytes);
          if (message.id === id) return unwrap(message, response.status);
          if (message.method === "notifications/progress") onprogress?.(message.params);
        }
        throw new McpError(gettext("The stream ended without an answer."), { status: response.status });
      }
      const text = await response.text();
      const message = text ? JSON.parse(text) : null;
      note(message, text.length);
      return unwrap(message, response.status);
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }
}

/**
 * The transport of older clients: answers come over one stream that stays open, messages go to an address it names.
 * Only the revisions with a handshake speak it.
 */
export class McpSseClient extends McpClient {
  constructor(url, key, protocol, onframe) {
    super(url, key, HANDSHAKE.has(protocol) ? protocol : "2025-06-18", onframe);
    this.waiting = new Map();
    this.stream = new AbortController();
  }

  async connect() {
    await this.open();
    return super.connect();
  }

  close() {
    this.stream.abort();
  }

  async open() {
    const headers = { Accept: "text/event-stream", Authorization: `Bearer ${this.key}` };
    this.onframe({ direction: "out", body: { method: "GET /sse" }, bytes: 0, headers });
    const response = await fetch(`${this.url}/sse`, { headers, credentials: "omit", signal: this.stream.signal });
    if (!response.ok) throw new McpError((await response.text()).slice(0, 200) || response.statusText, { status: response.status });
    return new Promise((resolve, reject) => {
      this.listen(response, resolve).then(
        () => this.drop(new McpError(gettext("The stream ended without an answer."))),
        (error) => {
          reject(error);
          this.drop(error);
        },
      );
    });
  }

  async listen(response, opened) {
    for await (const { event, data } of events(response)) {
      if (event === "endpoint") {
        this.messages = new URL(data, new URL(this.url, location.href)).pathname + new URL(data, location.href).search;
        opened();
        continue;
      }
      const message = JSON.parse(data);
      const waiting = this.waiting.get(message.id ?? message.params?.progressToken);
      this.onframe({ direction: "in", body: message, bytes: data.length, ms: waiting ? performance.now() - waiting.started : undefined, headers: shown(response) });
      if (message.method === "notifications/progress") waiting?.onprogress?.(message.params);
      else if (message.id !== undefined && waiting) {
        this.waiting.delete(message.id);
        waiting.resolve(message);
      }
    }
  }

  drop(error) {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  async post(body, method, params, signal) {
    const text = JSON.stringify(body);
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${this.key}` };
    this.onframe({ direction: "out", body, bytes: text.length, headers });
    const response = await fetch(this.messages, { method: "POST", headers, body: text, signal, credentials: "omit" });
    if (!response.ok) throw new McpError((await response.text()).slice(0, 200) || response.statusText, { status: response.status });
    return response;
  }

  async notify(method, params = {}) {
    await this.post(this.body(method, params), method, params);
  }

  async request(method, params, { onprogress, signal } = {}) {
    const id = this.next++;
    const answer = new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject, onprogress, started: performance.now() }));
    answer.catch(() => {}); // Whoever awaits it below sees the error; nobody else has to.
    const stop = () => this.notify("notifications/cancelled", { requestId: id, reason: "Cancelled by the person" }).catch(() => {});
    signal?.addEventListener("abort", stop, { once: true });
    try {
      await this.post(this.body(method, params, id, Boolean(onprogress)), method, params);
      return unwrap(await answer, 200);
    } finally {
      this.waiting.delete(id);
      signal?.removeEventListener("abort", stop);
    }
  }
}

function unwrap(message, status) {
  if (message?.error) throw new McpError(message.error.message, { status, code: message.error.code, data: message.error.data });
  if (!message || !("result" in message)) throw new McpError(interpolate(gettext("The server answered with status %s and no result."), [status]), { status });
  return message.result;
}

function shown(response) {
  const names = ["content-type", "mcp-session-id", "mcp-protocol-version", "www-authenticate", "retry-after"];
  return Object.fromEntries(names.map((name) => [name, response.headers.get(name)]).filter(([, value]) => value));
}

/** The JSON messages of an event stream, each with its size. */
async function* frames(response) {
  for await (const { data } of events(response)) yield [JSON.parse(data), data.length];
}

/** The events of a stream: name and data. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    buffer += value ?? "";
    const blocks = buffer.split(/\r?\n\r?\n/);
    buffer = done ? "" : blocks.pop();
    for (const block of blocks) {
      const lines = block.split(/\r?\n/);
      const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart()).join("\n");
      const event = lines.find((line) => line.startsWith("event:"))?.slice(6).trim() ?? "message";
      if (data) yield { event, data };
    }
    if (done) return;
  }
}
