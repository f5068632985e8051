// "Why not …?": for and against any item of the catalogue.

import { canExplain } from "../effects.js";
import { go } from "../going.js";
import { html, nothing } from "../html.js";
import { effects } from "./effects.js";
import { search } from "./search.js";

export function whyNot(state, t) {
  const { item, view } = state.settings;
  if (!canExplain(state)) return nothing;
  const inList = view === "list" && state.answer.ranking.items.some((one) => one.item_id === item);
  const choose = ({ item_id }) => go({ item: item_id });
  const label = (title) => t.feedbackOn(t.why, title);
  return html`<div class="why-not">
    ${search(state, "why", { title: t.whyNot, help: t.whyNotHelp, pick: t.why, label, choose }, t)}
    ${item && !inList ? effects(state, t) : nothing}
  </div>`;
}
