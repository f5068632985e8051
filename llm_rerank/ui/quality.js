// What was measured of the rankings: asked for once with a key.

import { abandon, lock } from "./answers.js";
import { Refused, ask } from "./api.js";
import { change, state } from "./store.js";

/** Shows the runs that the service was given. A list that is under way is given up, and asked for again later. */
export async function loadQuality() {
  const signal = abandon();
  change({ problem: null, news: null, answer: state.phase === "done" ? state.answer : null });
  if (state.quality?.runs) return;
  change({ quality: null });
  try {
    const found = await ask("GET", "/v1/quality", { signal });
    change({ quality: found });
  } catch (problem) {
    if (signal.aborted) return;
    if (!(problem instanceof Refused)) throw problem;
    if (problem.status === 401) lock(problem);
    else change({ quality: { problem } });
  }
}
