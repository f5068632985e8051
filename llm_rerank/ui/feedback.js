// What a user says of an item, and what the next list does about it.

import { load } from "./answers.js";
import { ask, refusalOf, segment } from "./api.js";
import { change, state } from "./store.js";

const LONGEST = 256; // key that the service takes

/** Says it, and asks for the list that obeys it. */
export async function say({ item_id, title }, kind) {
  const { ranking_id } = state.answer.ranking;
  const key = `${ranking_id} ${kind} ${item_id}`.slice(0, LONGEST); // a double click counts once
  await told({ kind, title }, ask("POST", "/v1/feedback", { body: { ranking_id, item_id, kind, key } }));
}

/** Takes it back. */
export async function takeBack({ item_id, title }) {
  const path = `/v1/users/${segment(state.settings.user)}/feedback/${segment(item_id)}`;
  await told({ kind: "back", title: title || item_id }, ask("DELETE", path));
}

async function told(said, telling) {
  const before = shown();
  const problem = await refusalOf(telling);
  if (shown() !== before) return; // somebody else's list by now, or another one
  if (problem) change({ receipt: { feedbackProblem: problem }, news: problem });
  else await load(said);
}

const shown = () => `${state.whose} ${state.answer?.ranking.ranking_id}`;
