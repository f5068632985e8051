// The first answer, or the form that asks for a key.

import { settingsOf } from "./address.js";
import { Refused, ask } from "./api.js";
import { arrive } from "./going.js";
import { keepKey } from "./key.js";
import { change, state } from "./store.js";
import { speak } from "./words.js";

/** Shows what the address says; without a key, the form that asks for one. */
export async function begin() {
  try {
    change({ about: state.about ?? (await ask("GET", "/ui/settings.json")) });
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    return change({ phase: "error", problem });
  }
  if (!state.key) {
    const settings = settingsOf(location.search, state.about);
    await speak(settings.language);
    return change({ phase: "no-key", settings });
  }
  change({ settings: null });
  await arrive();
}

/** The same with this key. */
export function beginWith(key) {
  change({ key: keepKey(key), problem: null, whose: null, answer: null, quality: null });
  if (state.key) return begin();
  change({ phase: "no-key", problem: new Refused(401, { code: "no_valid_key" }) });
}
