// The answer on screen: asked for, and filled in as it comes. A newer request ends an older one.

import { asked } from "./address.js";
import { Refused, ask, stream } from "./api.js";
import { dropEffects, loadEffects } from "./effects.js";
import { loadHistory } from "./histories.js";
import { keepKey } from "./key.js";
import { loadKept } from "./receipts.js";
import { change, state } from "./store.js";

let running = new AbortController();

/** Asks anew, with the settings as they are; `said` is what the user did, where the next list is to show its effect. */
export async function load(said = null) {
  const signal = abandon();
  dropEffects();
  change({ phase: "loading", problem: null, receipt: null, search: {}, news: null, historyProblem: null });
  clear();
  change({ base: said && state.answer ? { said, ...placesOf(state.answer.ranking) } : kept() });
  if (!state.settings.ranking) await Promise.all([loadHistory(signal), show(loadRanking, signal)]);
  else if (await show(loadKept, signal)) await loadHistory(signal);
}

/** Gives up what is under way; the signal is that of what comes in its place. */
export function abandon() {
  running.abort();
  running = new AbortController();
  return running.signal;
}

/** Another person's answer and history go at once; the same one's list stays, without its reasons, until the next. */
function clear() {
  const whose = state.settings.ranking ? null : state.settings.user;
  const stays = whose !== null && whose === state.whose;
  if (!stays) return change({ whose, answer: null, history: null, said: [] });
  change({ answer: state.answer && { ranking: state.answer.ranking, reasons: {} } });
}

async function show(loading, signal) {
  try {
    await loading(signal);
  } catch (problem) {
    if (signal.aborted) return false;
    failed(problem);
  }
  if (state.answer) await loadEffects();
  return Boolean(state.answer);
}

/** The items of the ranking by their places, to compare another one with. */
export function placesOf({ items }) {
  return { places: new Map(items.map((item) => [item.item_id, item.rank])), items };
}

function kept() {
  return isChanged() && state.base?.key === baseKey() ? state.base : null;
}

function isChanged() {
  return Boolean(state.settings.without.length || state.settings.added.length);
}

function baseKey() {
  return JSON.stringify({ ...asked(state.settings), without: [], added: [], explained: 0 });
}

function failed(problem) {
  if (!(problem instanceof Refused)) throw problem;
  if (problem.status === 401) lock(problem);
  else if (state.phase === "streaming") change({ phase: "done", answer: { ...state.answer, brokeOff: problem } });
  else change({ phase: "error", problem, answer: null });
}

/** Asks for another key: nothing that this one showed stays. */
export function lock(problem) {
  const nothing = { whose: null, answer: null, history: null, said: [], quality: null };
  change({ phase: "no-key", problem, key: keepKey(""), ...nothing });
}

async function loadRanking(signal) {
  const { settings } = state;
  const body = asked(settings);
  if (!settings.explained) {
    begin(await ask("POST", "/v1/recommend", { body, signal }), signal);
    return change({ phase: "done" });
  }
  for await (const { name, data } of stream("/v1/explanations", { ...body, drafts: settings.drafts }, signal)) {
    if (name === "ranking") begin(data.ranking, signal);
    else if (name === "evidence") reason(data.item_id, { evidence: data.evidence, against: data.against });
    else if (name === "draft") draft(data);
    else if (name === "explanation") reason(data.item_id, { explanation: data.explanation });
    else if (name === "error") throw new Refused(503, data.error);
    else if (name === "done") return finish(data);
  }
  throw new Refused(0, { code: "broke_off" });
}

function begin(ranking, signal) {
  change({ phase: "streaming", answer: { ranking, reasons: {} } });
  if (state.base) return;
  if (isChanged()) loadBase(signal);
  else change({ base: { key: baseKey(), ...placesOf(ranking) } });
}

/** The list for the whole history, that what is taken away or added can be compared with. */
async function loadBase(signal) {
  const key = baseKey();
  const body = { ...asked(state.settings), explained: 0 };
  delete body.without;
  delete body.added;
  try {
    change({ base: { key, ...placesOf(await ask("POST", "/v1/recommend", { body, signal })) } });
  } catch (problem) {
    if (!signal.aborted && !(problem instanceof Refused)) throw problem; // without it nothing is compared
  }
}

function reason(id, known) {
  const reasons = { ...state.answer.reasons, [id]: { ...state.answer.reasons[id], ...known } };
  change({ answer: { ...state.answer, reasons } });
}

function draft({ item_id, attempt, text }) {
  const written = state.answer.reasons[item_id]?.draft;
  reason(item_id, { draft: written?.attempt === attempt ? { attempt, text: written.text + text } : { attempt, text } });
}

function finish({ ranking_id, degraded, timings_ms }) {
  const ranking = { ...state.answer.ranking, ranking_id, degraded, timings_ms };
  change({ phase: "done", answer: { ...state.answer, ranking } });
}
