// An answer of another day, on its own terms.

import { asked } from "./address.js";
import { ask, segment } from "./api.js";
import { change, state } from "./store.js";

/** The path of the ranking on screen. */
export function rankingPath(id = state.settings.ranking) {
  return `/v1/rankings/${segment(id)}`;
}

/** Shows the ranking that the address names, with the settings that it was asked with. */
export async function loadKept(signal) {
  const { at, request, answer, made_with } = await ask("GET", rankingPath(), { signal });
  const { read, ...body } = request;
  const reasons = {};
  for (const { item_id, explanation } of answer.items) {
    if (explanation) reasons[item_id] = { explanation, evidence: explanation.evidence, against: explanation.against };
  }
  change({ settings: { ...state.settings, ...settingsFrom(body), user: answer.user_id } });
  change({ phase: "done", answer: { ranking: answer, reasons, receipt: { at, body, made_with } } });
}

function settingsFrom({ top_n, explained, instruction = "", deadline_ms = null, without = [], added = [] }) {
  return { top_n, explained, instruction, deadline_ms, without, added };
}

/** What the answer on screen was asked with, and made with: a receipt's own, whatever the page and the service have now. */
export function termsOf({ answer, settings, about }) {
  if (!answer.receipt) return { body: asked(settings), settings, made: about };
  const { body, made_with } = answer.receipt;
  return { body, settings: { ...settings, language: body.language }, made: made_with };
}
