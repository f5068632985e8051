// What was measured of the rankings: asked for once.

import { failed } from "./answers.js";
import { ask } from "./api.js";
import { change, state } from "./store.js";

/** Shows the runs that the service was given. */
export async function loadQuality() {
  change({ phase: state.quality ? "done" : "loading", problem: null, news: null });
  if (state.quality) return;
  try {
    change({ quality: await ask("GET", "/v1/quality"), phase: "done" });
  } catch (problem) {
    failed(problem);
  }
}
