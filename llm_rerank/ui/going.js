// From one view to the next: the address changes, and what depends on it.

import { queryOf, settingsOf } from "./address.js";
import { load } from "./answers.js";
import { loadEffects } from "./effects.js";
import { loadQuality } from "./quality.js";
import { change, state } from "./store.js";
import { speak } from "./words.js";

const ASKED = ["user", "top_n", "explained", "language", "instruction", "deadline_ms", "without", "added", "drafts"];

/** The view with these settings changed, as the address of a link. */
export function addressWith(changed) {
  return location.pathname + queryOf({ ...state.settings, ...changed });
}

/** Goes there; `asksAnew` even where the answer is on screen already. `earlier` is what `undo` goes back to. */
export function go(changed, asksAnew = false, earlier = history.state) {
  history.pushState(earlier, "", addressWith(changed));
  return arrive(asksAnew);
}

/** Shows what the address says, which has changed. */
export async function arrive(asksAnew = false) {
  const { search } = location;
  const settings = settingsOf(search, state.about);
  await speak(settings.language);
  if (search !== location.search) return; // somebody went on meanwhile, and arrives there
  const before = state.settings;
  change({ settings });
  if (settings.view === "quality") return loadQuality();
  const differs = (name) => JSON.stringify(settings[name]) !== JSON.stringify(before?.[name]);
  if (asksAnew || !before || !state.answer || differs("ranking") || ASKED.some(differs)) return load();
  if (differs("item")) return loadEffects();
}

/** For a link's click: goes there without leaving the page, unless another tab is wanted. */
export function following(changed) {
  return (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(changed);
  };
}

/** Takes purchases away, adds some, or puts them back; `undo` undoes it. */
export function changeHistory(changed) {
  const { without, added } = state.settings;
  return go({ ranking: "", ...changed }, false, { without, added, earlier: history.state });
}

/** The history as it was before the last change; the whole one where that is not known. */
export function undo() {
  const { earlier, ...before } = history.state ?? { without: [], added: [], earlier: null };
  return go(before, false, earlier);
}
