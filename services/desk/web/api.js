// The desk's REST API: one request function, problems as errors, and commands that end with one answer.
import { code, t } from "./i18n.js";
import { emit, on } from "./state.js";
import { noteServerTime } from "./time.js";

const BASE = "/api/v1";
const REQUEST_MS = 20000;

// What the desk refused, or status 0 when no answer came.
export class ApiError extends Error {
  constructor(status, problem = {}, retryAfterS = 0) {
    super(problem.detail ?? problem.title ?? `status ${status}`);
    this.status = status;
    this.kind = String(problem.type ?? "").split(":").pop();
    this.reason = problem.reason ?? "";
    this.detail = problem.detail ?? problem.title ?? "";
    this.field = problem.field ?? "";
    this.retryAfterS = retryAfterS;
  }
}

// One call. Gives {status, body}; throws ApiError. A 401 signs the page out, except for sign-in itself.
export async function request(method, path, { body, query, key } = {}) {
  const url = new URL(BASE + path, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value) url.searchParams.set(name, value);
  }
  const headers = { Accept: "application/json" };
  if (body) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  let answer;
  let data;
  try {
    answer = await fetch(url, { method, headers, body: body && JSON.stringify(body),
      credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(REQUEST_MS) });
    data = await answer.text();
  } catch {
    throw new ApiError(0);
  }
  noteServerTime(answer.headers.get("Date"));
  const json = parse(data);
  if (answer.ok) return { status: answer.status, body: json };
  if (answer.status === 401 && path !== "/session") emit("signed-out");
  throw new ApiError(answer.status, json ?? {}, Number(answer.headers.get("Retry-After")) || 0);
}

function parse(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

export async function get(path, query) {
  return (await request("GET", path, { query })).body;
}

export const part = encodeURIComponent;

// How long to wait for the stream before asking again with the same key; the outcome is kept for 24 h.
const WAITS_MS = [2000, 3000, 5000, 10000, 20000];
export const UNCONFIRMED = "unconfirmed";

// A command on a ticket. run() may be called again after a failure without an outcome: the key
// stays, so that it takes effect at most once. It gives the new ticket, or throws.
export function makeCommand(ticketId, verb, fields, expectedVersion) {
  const key = crypto.randomUUID();
  const path = `/tickets/${part(ticketId)}/${verb}`;
  const body = { ...fields, expected_version: expectedVersion };
  async function run(onWaiting) {
    for (const wait of WAITS_MS) {
      let eventId = null;
      let waitMs = wait;
      try {
        const answer = await request("POST", path, { body, key });
        if (answer.status !== 202) return answer.body;
        eventId = answer.body?.event_id;
      } catch (error) {
        if (!hasNoOutcome(error)) throw error;
        waitMs = Math.max(wait, error.retryAfterS * 1000);
      }
      onWaiting();
      await wordOf(ticketId, eventId, waitMs);
    }
    throw new ApiError(0, { type: UNCONFIRMED });
  }
  return { run };
}

function hasNoOutcome(error) {
  return error.status === 0 || error.status === 429 || error.status === 502 || error.status === 503
    || error.status === 504;
}

// Waits until the stream speaks of the ticket or the command, at most ms.
const waiters = new Set();
on("stream", (event) => {
  for (const waiter of waiters) waiter(event);
});

function wordOf(ticketId, eventId, ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      waiters.delete(hear);
      resolve();
    }
    function hear({ ids }) {
      if (ids.has(ticketId) || ids.has(eventId)) done();
    }
    waiters.add(hear);
  });
}

// An error in the reader's language.
export function explain(error) {
  if (!(error instanceof ApiError)) return t("problem.page", { detail: error.message });
  if (error.kind === UNCONFIRMED) return t("problem.unconfirmed");
  if (error.status === 0) return t("problem.network");
  if (error.status === 409) return code("refused", error.reason) || error.detail;
  if (error.status === 412) return t("problem.version");
  if (error.status === 428) return t("problem.precondition");
  if (error.status === 429 || error.status === 503) {
    return t("problem.busy", { n: error.retryAfterS || 5 });
  }
  const what = code("problem", error.kind) || t("problem.other", { status: error.status });
  const where = error.field ? ` (${error.field})` : "";
  return error.detail ? `${what}${where}: ${error.detail}` : what + where;
}
