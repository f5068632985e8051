// The service's JSON API.

import { eventsOf } from "./sse.js";
import { state } from "./store.js";

/** The service said no, or could not be reached (status 0). */
export class Refused extends Error {
  constructor(status, { message = "", code = "" } = {}, wait = "") {
    super(message);
    Object.assign(this, { status, code, wait });
  }
}

/** What it answers, from JSON. Throws Refused; an AbortError where nobody waits any more. */
export async function ask(method, path, { body, signal } = {}) {
  const response = await request(method, path, body, signal);
  return readable(() => response.json());
}

/** What it answers, event by event. */
export async function* stream(path, body, signal) {
  const events = eventsOf(await request("POST", path, body, signal));
  try {
    for (;;) {
      const { done, value } = await readable(() => events.next());
      if (done) return;
      yield value;
    }
  } finally {
    await events.return(); // whoever stops reading ends the service's work
  }
}

/** The refusal that it ends in; null where it does not. */
export async function refusalOf(asking) {
  try {
    await asking;
    return null;
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    return problem;
  }
}

/** Part of a path. */
export const segment = encodeURIComponent;

async function request(method, path, body, signal) {
  const headers = path.startsWith("/v1/") ? { Authorization: `Bearer ${state.key}` } : {};
  if (body) headers["Content-Type"] = "application/json";
  const response = await readable(() => fetch(path, { method, headers, signal, body: body && JSON.stringify(body) }));
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  throw new Refused(response.status, said.error, response.headers.get("Retry-After") ?? "");
}

async function readable(reading) {
  try {
    return await reading();
  } catch (problem) {
    if (problem instanceof Refused || problem.name === "AbortError") throw problem;
    throw new Refused(0, { code: "unreachable" });
  }
}
