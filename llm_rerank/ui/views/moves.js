// Before and after: two lists, and a line for each item between its places.

import { climbed, hasChange, movedBy, movesOf } from "../comparing.js";
import { addressWith, following } from "../going.js";
import { html, nothing, svg } from "../html.js";
import { lightingItem } from "../lighting.js";
import { moved } from "./moved.js";
import { notice } from "./notice.js";

export function moves(state, t) {
  const { before, moves: all } = movesOf(state);
  const shown = movedBy(state.settings.moved, all);
  return html`
    ${choices(state, before, t)}
    ${shown.length ? slopes(state, shown, before, t) : notice("about", t.noMoves)}
    <p class="quiet">${t.movesKey}</p>
  `;
}

/** What is compared, and which of it is shown: the same choices above the lines and above the table. */
export function choices(state, before, t) {
  const { settings, about } = state;
  const least = settings.moved ? { moved: 0 } : { moved: 5 };
  return html`<div class="choices">
    <a class="button" role="button" aria-pressed=${settings.moved > 0} href=${addressWith(least)} @click=${following(least)}>
      ${t.movedFilter}
    </a>
    ${hasChange(state) ? compared(before, t) : nothing} ${settings.ranking ? nothing : allOfThem(settings, about.most.top_n, t)}
  </div>`;
}

function compared(before, t) {
  const option = (from, name, now) => html`<a
    href=${addressWith({ from })}
    aria-current=${now}
    @click=${following({ from })}
    >${name}</a
  >`;
  return html`<nav class="languages" aria-label=${t.compareWith}>
    <span class="quiet">${t.compareWith}</span> ${option("", t.before, before)} ${option("retrieval", t.retrieval, !before)}
  </nav>`;
}

function allOfThem(settings, most, t) {
  if (settings.top_n >= most) return nothing;
  return html`<a class="button" href=${addressWith({ top_n: most })} @click=${following({ top_n: most })}>${t.allCandidates(most)}</a>`;
}

function slopes(state, shown, before, t) {
  const left = shown.filter((move) => move.from !== null).toSorted((a, b) => a.from - b.from);
  const places = new Map(left.map(({ item }, place) => [item.item_id, place]));
  const rows = shown.length;
  return html`<div class="slopes">
    <h2 class="from">${before ? t.before : t.retrieval}</h2>
    <h2 class="to">${t.after}</h2>
    <ol class="from" aria-hidden="true">${ends(state, left, ({ from }) => from, t)}</ol>
    <svg viewBox="0 0 100 ${rows}" preserveAspectRatio="none" aria-hidden="true">
      ${shown.map((move, place) => line(state, move, places.get(move.item.item_id), place))}
    </svg>
    <ol class="to">${ends(state, shown, ({ to }) => to, t, before)}</ol>
  </div>`;
}

function ends(state, shown, place, t, before = null) {
  return shown.map((move) => {
    const { enter, leave } = lightingItem(move.item.item_id);
    const lit = state.lit.items.has(move.item.item_id) ? "lit" : "";
    const how = before === null ? nothing : html`<span class="how">${moved(move, before, t)}</span>`;
    return html`<li class=${lit} @pointerenter=${enter} @pointerleave=${leave}>
      <span class="rank">${place(move)}</span> <span class="title">${move.item.title}</span> ${how}
    </li>`;
  });
}

function line(state, move, left, right) {
  const lit = state.lit.items.has(move.item.item_id) ? "lit" : "";
  const places = climbed(move);
  if (places === null) return svg`<line class="came ${lit}" x1="92" x2="100" y1=${right + 0.5} y2=${right + 0.5}></line>`;
  const how = places > 0 ? "up" : places < 0 ? "down" : "stayed";
  return svg`<line class="${how} ${lit}" x1="0" x2="100" y1=${left + 0.5} y2=${right + 0.5}></line>`;
}
