// Before and after: two lists, and a line for each item between its places.

import { climbed, hasChange, movedBy, movesOf } from "../comparing.js";
import { addressWith, following, go } from "../going.js";
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
    <button aria-pressed=${settings.moved > 0} @click=${() => go(least)}>${t.movedFilter}</button>
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
  const rows = Math.max(...shown.map(({ from, to }) => Math.max(from ?? 0, to)));
  return html`<div class="slopes">
    <h2 class="from">${before ? t.before : t.retrieval}</h2>
    <h2 class="to">${t.after}</h2>
    <div class="from ends" aria-hidden="true">${ends(state, shown, "from", rows, () => nothing)}</div>
    <svg viewBox="0 0 100 ${rows}" preserveAspectRatio="none" aria-hidden="true">
      ${shown.map((move) => line(state, move))}
    </svg>
    <div class="to ends" role="list">
      ${ends(state, shown, "to", rows, (move) => html`<span class="how">${moved(move, before, t)}</span>`)}
    </div>
  </div>`;
}

/** Every place has its row, so that a line is as steep as the move was far. */
function ends(state, shown, side, rows, more) {
  const there = new Map(shown.map((move) => [move[side], move]));
  return Array.from({ length: rows }, (_, above) => end(state, there.get(above + 1), above + 1, more));
}

function end(state, move, place, more) {
  if (!move) return html`<div aria-hidden="true"></div>`;
  const { enter, leave } = lightingItem(move.item.item_id);
  return html`<div role="listitem" class=${lit(state, move)} @pointerenter=${enter} @pointerleave=${leave}>
    <span class="rank">${place}</span> <span class="title">${move.item.title}</span> ${more(move)}
  </div>`;
}

function line(state, move) {
  const places = climbed(move);
  const [left, right] = [move.from - 0.5, move.to - 0.5];
  if (places === null) return svg`<line class="came ${lit(state, move)}" x1="92" x2="100" y1=${right} y2=${right}></line>`;
  const how = places > 0 ? "up" : places < 0 ? "down" : "stayed";
  return svg`<line class="${how} ${lit(state, move)}" x1="0" x2="100" y1=${left} y2=${right}></line>`;
}

const lit = (state, { item }) => (state.lit.items.has(item.item_id) ? "lit" : "");
