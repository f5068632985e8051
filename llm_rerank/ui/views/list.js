// The list, each item with its reason.

import { canExplain } from "../effects.js";
import { go } from "../going.js";
import { html, nothing } from "../html.js";
import { movesOf } from "../comparing.js";
import { lightingItem } from "../lighting.js";
import { effects } from "./effects.js";
import { feedback } from "./feedback.js";
import { moved } from "./moved.js";
import { reason } from "./reason.js";

export function list(state, t) {
  const { before, moves } = movesOf(state);
  return html`<ol class="ranked">
    ${moves.map((move) => one(state, move, before, t))}
  </ol>`;
}

function one(state, move, before, t) {
  const { item } = move;
  const { enter, leave, focus, blur } = lightingItem(item.item_id);
  const lit = state.lit.items.has(item.item_id);
  return html`<li
    class=${lit ? "lit" : ""}
    @pointerenter=${enter}
    @pointerleave=${leave}
    @focusin=${focus}
    @focusout=${blur}
    @click=${pressed(item)}
  >
    <span class="rank">${item.rank}</span>
    <div class="about">
      <h2>${item.title}</h2>
      <p class="facts">${origin(item, t)} ${moved(move, before, t)} ${item.scored ? nothing : badge(t.notScored)}
        <span class="quiet">${item.item_id}</span>
      </p>
      ${reason(state, item, t)} ${tools(state, item, t)}
      ${state.settings.item === item.item_id && canExplain(state) ? effects(state, t) : nothing}
    </div>
  </li>`;
}

/** Where nothing else is pressed, the item itself is. */
function pressed(item) {
  return (event) => event.target.closest("a, button, summary") || lightingItem(item.item_id).press();
}

function origin({ origin }, t) {
  return origin ? html`<span class="origin ${origin}">${t.origins[origin]}</span>` : nothing;
}

function badge(text) {
  return html`<span class="badge">${text}</span>`;
}

function tools(state, item, t) {
  const open = state.settings.item === item.item_id;
  return html`<div class="tools">
    ${canExplain(state) ? why(item, open, t) : nothing} ${feedback(state, item, t)}
  </div>`;
}

function why({ item_id, title }, open, t) {
  const label = t.feedbackOn(t.why, title);
  return html`<button data-name="why ${item_id}" aria-expanded=${open} aria-label=${label} @click=${() => go({ item: open ? "" : item_id })}>
    ${t.why}
  </button>`;
}
