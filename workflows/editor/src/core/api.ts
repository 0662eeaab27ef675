// The REST API as the page uses it: session cookie, CSRF header, problem+json turned into errors.
import { whole, type Action, type Definition, type Issue, type Schema } from "./model";
import type { ExpressionFunction } from "./completion";
import type { Part } from "./state";

export interface Setup {
  id: string;
  name: string;
  description: string;
  language: "en" | "ko";
  may: { edit: boolean; run: boolean; deploy: boolean; connect: boolean; moderate: boolean };
  /** The person's id. */
  me: string;
  flow: Action[];
  functions: ExpressionFunction[];
  connectors: { id: string; title: string; group: string; icon: string; needs_credential: boolean }[];
  /** Addresses of the workspace's members. */
  people: string[];
  sample_input: Record<string, unknown>;
  urls: { api: string; templates: string; detail: string; list: string; run: string; deploy: string; triggers: string; compare: string; connections: string; connector_icon: string };
}

export interface Problem {
  field: string;
  message: string;
  remedy: string;
}

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly problems: Problem[] = [],
    readonly remedy = "",
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

export interface Draft {
  revision: number;
  saved_at: string;
  saved_by: string | null;
  definition: Definition;
  issues: Issue[];
}

export interface Connection {
  id: string;
  connector: string;
  name: string;
  health?: string;
}

export interface Choice {
  value: string;
  label: string;
}

/** What an expression gives; `position` is where a mistake stands, from 0. */
export interface Preview {
  ok: boolean;
  value: unknown;
  shown: string;
  type: string;
  message: string;
  remedy: string;
  position: number | null;
}

/** A result that is held fast for a node. */
export interface Pin {
  node: string;
  output: unknown;
  port: string;
  saved_by: string | null;
}

/** An input under a name. */
export interface Kept {
  id: string;
  name: string;
  input: Record<string, unknown>;
}

/** A remark about a node; answers name the thread they belong to. */
export interface Comment {
  id: string;
  node: string;
  thread: string | null;
  text: string;
  author: string | null;
  author_id: string | null;
  created_at: string;
  edited_at: string | null;
  resolved_at: string | null;
  resolver: string | null;
}

/** A test of the workflow with its last result; null before the first one. */
export interface Case {
  id: string;
  name: string;
  ignored: string[];
  recorded_from: string | null;
  passed: boolean | null;
  checked_at: string | null;
  message: string;
  author: string | null;
  created_at: string;
}

/** What a curl line says, as parameters of the HTTP action. */
export interface CurlLine {
  params: Record<string, unknown>;
  credential: Record<string, unknown> | null;
  notes: string[];
}

export interface RunEvent {
  seq: number;
  time: string;
  kind: string;
  level: "debug" | "info" | "warning" | "error";
  node: string | null;
  message: string;
  data: Record<string, any>;
}

export interface NodeRun {
  path: string;
  node: string;
  state: string;
  attempt: number;
  port?: string;
  output: unknown;
  error: any;
  started_at: string | null;
  milliseconds: number | null;
}

const token = (): string => JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";

async function send(method: string, url: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const response = await fetch(url, {
    method,
    credentials: "same-origin",
    headers: {
      Accept: "application/json",
      ...(body === undefined || body instanceof FormData ? {} : { "Content-Type": "application/json" }),
      ...(method === "GET" ? {} : { "X-CSRFToken": token() }),
      ...headers,
    },
    body: body === undefined || body instanceof FormData ? body : JSON.stringify(body),
  });
  if (response.ok) return response;
  const type = response.headers.get("Content-Type") ?? "";
  const data = type.includes("json") ? await response.json() : {};
  throw new ApiError(
    data.detail ?? data.message ?? data.title ?? `${response.status} ${response.statusText}`,
    response.status,
    data.problems ?? [],
    data.remedy ?? "",
    data.details ?? {},
  );
}

const json = async <T>(method: string, url: string, body?: unknown): Promise<T> => (await send(method, url, body)).json();

/** The rows of a list that always fits one answer. */
const rows = async <T>(method: string, url: string, body?: unknown): Promise<T[]> => (await json<{ results: T[] }>(method, url, body)).results;

async function everyPage<T>(url: string): Promise<T[]> {
  const found: T[] = [];
  for (let next: string | null = url; next; ) {
    const page: any = await json("GET", next);
    found.push(...(page.results ?? page));
    next = page.next ? new URL(page.next, location.href).pathname + new URL(page.next, location.href).search : null;
  }
  return found;
}

export const createApi = (base: string, id: string) => ({
  save: (definition: Definition, revision: number, etag: string) =>
    send("PUT", `${base}/workflows/${id}/draft`, { definition }, { "If-Match": etag || `"${revision}"` }).then(
      async (response) => ({ ...((await response.json()) as Draft), etag: response.headers.get("ETag") ?? "" }),
    ),
  load: async () => {
    const response = await send("GET", `${base}/workflows/${id}/draft`);
    const draft = (await response.json()) as Draft;
    return { ...draft, definition: whole(draft.definition), etag: response.headers.get("ETag") ?? "" };
  },
  validate: (definition: Definition) =>
    json<{ valid: boolean; issues: Issue[]; output_schema: Schema }>("POST", `${base}/workflows/validate`, { definition }),
  nodes: () => rows<Action>("GET", `${base}/nodes`),
  connections: () => everyPage<Connection>(`${base}/connections`),
  options: (action: string, field: string, query: string, params: unknown, connection: string | null) =>
    rows<Choice>("POST", `${base}/workflows/${id}/options`, { action, field, query, params, connection }),
  preview: (value: unknown, run: string | null, level: string[]) => json<Preview>("POST", `${base}/workflows/${id}/preview`, { value, run, level }),
  upload: async (file: File) => {
    const body = new FormData();
    body.append("file", file);
    return (await send("POST", `${base}/workflows/${id}/files`, body)).json() as Promise<Record<string, unknown>>;
  },
  service: async (connector: string) => (await json<{ results: any[] }>("GET", `${base}/integrations`)).results.find((item) => item.id === connector) ?? null,
  connectTo: (connector: string, name: string, values: unknown, personal: boolean) => json<Connection>("POST", `${base}/connections`, { connector, name, values, personal }),
  testConnection: (connection: string) => json<Connection>("POST", `${base}/connections/${connection}/test`),
  create: (name: string, definition: Definition) => json<{ id: string }>("POST", `${base}/workflows`, { name, definition }),
  freeze: (workflow: string) => json<{ number: number }>("POST", `${base}/workflows/${workflow}/versions`, {}),
  run: (input: unknown, part: Part = {}) => json<{ id: string; state: string }>("POST", `${base}/workflows/${id}/run`, { input, ...part }),
  pins: () => rows<Pin>("GET", `${base}/workflows/${id}/pins`),
  pin: (node: string, output: unknown, port: string) => json<Pin>("PUT", `${base}/workflows/${id}/pins/${node}`, { output, port }),
  unpin: (node: string) => send("DELETE", `${base}/workflows/${id}/pins/${node}`),
  kept: () => rows<Kept>("GET", `${base}/workflows/${id}/inputs`),
  keep: (name: string, input: unknown) => json<Kept>("POST", `${base}/workflows/${id}/inputs`, { name, input }),
  forget: (kept: string) => send("DELETE", `${base}/workflows/${id}/inputs/${kept}`),
  comments: () => rows<Comment>("GET", `${base}/workflows/${id}/comments`),
  comment: (text: string, node: string, thread?: string) => json<Comment>("POST", `${base}/workflows/${id}/comments`, { text, node, ...(thread ? { thread } : {}) }),
  changeComment: (comment: string, change: { text?: string; resolved?: boolean }) => json<Comment>("PATCH", `${base}/workflows/${id}/comments/${comment}`, change),
  deleteComment: (comment: string) => send("DELETE", `${base}/workflows/${id}/comments/${comment}`),
  cases: () => rows<Case>("GET", `${base}/workflows/${id}/tests`),
  makeCase: (run: string, name: string, ignored: string[]) => json<Case>("POST", `${base}/workflows/${id}/tests`, { run, name, ignored }),
  runCases: () => rows<Case>("POST", `${base}/workflows/${id}/tests/run`),
  deleteCase: (test: string) => send("DELETE", `${base}/workflows/${id}/tests/${test}`),
  readCurl: (line: string) => json<CurlLine>("POST", `${base}/integrations/curl`, { line }),
  cancel: (run: string) => json("POST", `${base}/executions/${run}/cancel`),
  decide: (run: string, path: string, approved: boolean, comment = "") =>
    json("POST", `${base}/executions/${run}/decide`, { path, approved, comment }),
  definitionOf: async (run: string) => whole((await json<{ definition: Definition }>("GET", `${base}/executions/${run}/definition`)).definition),
  execution: (run: string) => json<any>("GET", `${base}/executions/${run}`),
  nodeRuns: (run: string) => rows<NodeRun>("GET", `${base}/executions/${run}/nodes`),
  runs: async () => (await json<any>("GET", `${base}/executions?workflow=${id}`)).results as any[],
  versions: () => everyPage<any>(`${base}/workflows/${id}/versions`),
  version: async (number: number) => whole((await json<{ definition: Definition }>("GET", `${base}/workflows/${id}/versions/${number}`)).definition),
});

export type Api = ReturnType<typeof createApi>;
