// Who answered, why, and how many were scored: a sentence by the list, where something is missing.

import { html, nothing } from "../html.js";
import { notice } from "./notice.js";

export function degradation({ ranking, brokeOff }, t) {
  if (brokeOff) return notice("degraded", `${t.brokeOff} ${t.problem(brokeOff)}`);
  const { degraded, scored, items } = ranking;
  if (!degraded) return nothing;
  const words = html`<p class="quiet">${t.serviceSays} <q lang="en">${degraded.because}</q></p>`;
  return notice("degraded", html`<strong>${t.degradedTitle}.</strong> ${t.degraded(degraded, scored, items.length)}`, words);
}
