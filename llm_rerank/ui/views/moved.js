// How far an item moved: an arrow and words.

import { climbed } from "../comparing.js";
import { html } from "../html.js";

export function moved(move, before, t) {
  const places = climbed(move);
  if (places === null) return html`<span class="move came">✦ ${t.came}</span>`;
  const was = t.wasFrom[before ? "before" : "retrieval"](move.from);
  if (places === 0) return html`<span class="move">= ${t.stayed}</span>`;
  const [arrow, how] = places > 0 ? ["▲", t.climbed(places)] : ["▼", t.fell(-places)];
  return html`<span class="move ${places > 0 ? "up" : "down"}">${arrow} ${how}</span> <span class="quiet">${was}</span>`;
}
