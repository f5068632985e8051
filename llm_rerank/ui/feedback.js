// What a user says of an item, and what the next list does about it.

import { load } from "./answers.js";
import { ask, segment } from "./api.js";
import { change, state } from "./store.js";

/** Says it, and asks for the list that obeys it. */
export async function say(item, kind) {
  const ranking_id = state.answer.ranking.ranking_id;
  await told({ kind, title: item.title }, () =>
    ask("POST", "/v1/feedback", { body: { ranking_id, item_id: item.item_id, kind } }),
  );
}

/** Takes it back. */
export async function takeBack({ item_id, title }) {
  const path = `/v1/users/${segment(state.settings.user)}/feedback/${segment(item_id)}`;
  await told({ kind: "back", title }, () => ask("DELETE", path));
}

async function told(said, telling) {
  try {
    await telling();
  } catch (problem) {
    return change({ receipt: { ...state.receipt, feedbackProblem: problem } });
  }
  await load(said);
}
