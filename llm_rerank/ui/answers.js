// The answer on screen: asked for, and filled in as it comes. A newer request ends an older one.

import { asked } from "./address.js";
import { Refused, ask, segment, stream } from "./api.js";
import { change, state } from "./store.js";

let running = new AbortController();

/** Asks anew, with the settings as they are; `said` is what the user did, where the next list is to show its effect. */
export async function load(said = null) {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const before = state.answer;
  change({ phase: "loading", problem: null, answer: null, receipt: null, effects: null, search: {} });
  change({ base: said && before ? { said, ...placesOf(before.ranking) } : kept() });
  try {
    if (state.settings.ranking) await loadKept(signal);
    await Promise.all([loadHistory(signal), state.settings.ranking || loadRanking(signal)]);
    await explainPlace(signal);
  } catch (problem) {
    if (!signal.aborted) failed(problem);
  }
}

/** For and against the item that the address names. */
export async function loadEffects() {
  await explainPlace(running.signal).catch(() => {}); // said where it would stand
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
  if (problem.status === 401) change({ phase: "no-key", problem: state.key ? problem : null, answer: null });
  else if (state.answer) change({ phase: "done", answer: { ...state.answer, brokeOff: problem } });
  else change({ phase: "error", problem });
}

async function loadHistory(signal) {
  const user = segment(state.settings.user);
  const { interactions } = await ask("GET", `/v1/users/${user}/history?newest=500`, { signal });
  const added = await Promise.all(state.settings.added.map((id) => addedItem(id, signal)));
  change({ history: [...added.reverse(), ...grouped(interactions)] });
  const { feedback } = await ask("GET", `/v1/users/${user}/feedback`, { signal }).catch(nothing);
  change({ said: feedback });
}

function nothing(problem) {
  if (problem.status !== 404) throw problem;
  return { feedback: [] };
}

async function addedItem(id, signal) {
  const item = await ask("GET", `/v1/items/${segment(id)}`, { signal }).catch(() => ({ title: id }));
  return { item_id: id, title: item.title, times: 1, kind: "purchase", last: "", added: true };
}

/** Each item once, the newest first: how often, and when last. */
function grouped(interactions) {
  const items = new Map();
  for (const { item_id, title, timestamp, kind } of interactions.toReversed()) {
    const known = items.get(item_id);
    if (known) known.times += 1;
    else items.set(item_id, { item_id, title: title || item_id, times: 1, kind, last: timestamp, sold: Boolean(title) });
  }
  return [...items.values()];
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
    else if (name === "evidence") reason(data.item_id, { evidence: data.evidence });
    else if (name === "draft") draft(data);
    else if (name === "explanation") reason(data.item_id, { explanation: data.explanation });
    else if (name === "error") throw new Refused(503, data.error);
    else if (name === "done") return finish(data);
  }
  throw new Refused(0, { code: "broke_off" });
}

async function loadKept(signal) {
  const { at, request, answer, made_with, feedback } = await ask("GET", rankingPath(), { signal });
  const reasons = {};
  for (const { item_id, explanation } of answer.items) {
    if (explanation) reasons[item_id] = { explanation, evidence: explanation.evidence };
  }
  change({ settings: { ...state.settings, user: answer.user_id } });
  change({ phase: "done", answer: { ranking: answer, reasons, receipt: { at, request, made_with, feedback } } });
}

/** The path of the ranking on screen. */
export function rankingPath(id = state.settings.ranking) {
  return `/v1/rankings/${segment(id)}`;
}

function begin(ranking, signal) {
  change({ phase: "streaming", answer: { ranking, reasons: {} } });
  if (state.base) return;
  if (isChanged()) loadBase(signal).catch(() => {}); // without it nothing is compared
  else change({ base: { key: baseKey(), ...placesOf(ranking) } });
}

/** The list for the whole history, that what is taken away or added can be compared with. */
async function loadBase(signal) {
  const key = baseKey();
  const body = { ...asked(state.settings), explained: 0 };
  delete body.without;
  delete body.added;
  change({ base: { key, ...placesOf(await ask("POST", "/v1/recommend", { body, signal })) } });
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

async function explainPlace(signal) {
  const { settings } = state;
  const item_id = settings.item;
  if (!item_id) return change({ effects: null });
  if (state.effects?.item_id === item_id) return;
  change({ effects: { item_id } });
  const { top_n, explained, language, ...body } = asked(settings);
  try {
    const found = await ask("POST", "/v1/effects", { body: { ...body, item_id }, signal });
    if (state.settings.item === item_id) change({ effects: { item_id, found } });
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    if (state.settings.item === item_id) change({ effects: { item_id, problem } });
  }
}
