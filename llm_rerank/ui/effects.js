// For and against one item: asked for, unless another one is wanted by now.

import { asked } from "./address.js";
import { Refused, ask } from "./api.js";
import { change, state } from "./store.js";

let running = new AbortController();

/** Whether the service can say: letters has no score for one item, and a receipt is of another day. */
export function canExplain({ about, settings }) {
  return about.method !== "letters" && !settings.ranking;
}

/** For and against the item that the address names. */
export async function loadEffects() {
  const { item: item_id } = state.settings;
  if (item_id && state.effects?.item_id === item_id) return;
  dropEffects();
  if (!item_id || !canExplain(state)) return;
  const { signal } = running;
  change({ effects: { item_id } });
  try {
    const found = await ask("POST", "/v1/effects", { body: bodyFor(item_id), signal });
    change({ effects: { item_id, found }, news: (t) => `${found.title}: ${t.stands(found)}` });
  } catch (problem) {
    if (signal.aborted) return;
    if (!(problem instanceof Refused)) throw problem;
    change({ effects: { item_id, problem }, news: problem });
  }
}

/** Nobody waits for them any more. */
export function dropEffects() {
  running.abort();
  running = new AbortController();
  change({ effects: null });
}

function bodyFor(item_id) {
  const { top_n, explained, language, ...body } = asked(state.settings);
  return { ...body, item_id };
}
