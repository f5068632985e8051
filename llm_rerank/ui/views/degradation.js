// Who answered, why, and how many were scored: a sentence by the list, where something is missing.

import { html, nothing } from "../html.js";
import { notice, told } from "./notice.js";

export function degradation({ ranking, brokeOff }, t) {
  if (brokeOff) return notice("degraded", html`${t.brokeOff} ${told(brokeOff, t)}`);
  const { degraded, scored, items } = ranking;
  return degraded ? missing(degraded, scored, items.length, t) : nothing;
}

export function missing(degraded, scored, of, t) {
  const words = html`<p class="quiet">${t.serviceSays} <q lang="en">${degraded.because}</q></p>`;
  return notice("degraded", html`<strong>${t.degradedTitle}</strong> ${t.degraded(degraded, scored, of)}`, words);
}
