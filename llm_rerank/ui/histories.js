// What is known of the person: purchases and what else they did, and what they said of items.

import { Refused, ask, segment } from "./api.js";
import { change, state } from "./store.js";

const NEWEST = 500;

/** Fills it in. What cannot be had is said beside the list, which does not wait for it. */
export async function loadHistory(signal) {
  try {
    const known = await knownOf(state.settings, signal);
    signal.throwIfAborted();
    change({ ...known, historyProblem: null });
  } catch (problem) {
    if (signal.aborted) return;
    if (!(problem instanceof Refused)) throw problem;
    change({ history: null, said: [], historyProblem: problem });
  }
}

async function knownOf({ user, added }, signal) {
  const path = `/v1/users/${segment(user)}`;
  const [{ interactions }, { feedback }, ...bought] = await Promise.all([
    ask("GET", `${path}/history?newest=${NEWEST}`, { signal }),
    ask("GET", `${path}/feedback`, { signal }),
    ...added.toReversed().map((id) => addedItem(id, signal)),
  ]);
  const touched = grouped(interactions);
  const there = new Set(touched.map((one) => one.item_id));
  const liked = feedback.filter(({ kind, item_id }) => kind === "like" && !there.has(item_id)).map(likedItem);
  return { history: [...bought, ...liked, ...touched], said: feedback };
}

async function addedItem(item_id, signal) {
  try {
    const { title } = await ask("GET", `/v1/items/${segment(item_id)}`, { signal });
    return { item_id, title, added: true };
  } catch (problem) {
    if (problem.status !== 404) throw problem;
    return { item_id, title: item_id, added: true };
  }
}

const likedItem = ({ item_id, title, at }) => ({ item_id, title: title || item_id, liked: true, last: at, sold: Boolean(title) });

/** Each item once, the newest first: what was done with it, how often, and when last. */
function grouped(interactions) {
  const items = new Map();
  for (const { item_id, title, timestamp, kind } of interactions.toReversed()) {
    const one = items.get(item_id) ?? { item_id, title: title || item_id, did: {}, last: timestamp, sold: Boolean(title) };
    one.did[kind] = (one.did[kind] ?? 0) + 1;
    items.set(item_id, one);
  }
  return [...items.values()];
}
