// Before and after as a plain table.

import { movedBy, movesOf } from "../comparing.js";
import { html } from "../html.js";
import { moved } from "./moved.js";
import { choices } from "./moves.js";
import { notice } from "./notice.js";

export function table(state, t) {
  const { before, moves } = movesOf(state);
  const shown = movedBy(state.settings.moved, moves);
  return html`${choices(state, before, t)} ${shown.length ? rows(shown, before, t) : notice("about", t.noMoves)}`;
}

function rows(shown, before, t) {
  const { place, item, was, moved: how, llm, score, origin } = t.columns;
  return html`<div class="scrolled" tabindex="0" role="region" aria-label=${t.tableCaption}>
    <table>
      <caption>
        ${t.tableCaption}
      </caption>
      <thead>
        <tr>
          ${[place, item, was, how, llm, score, origin].map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${shown.map((move) => row(move, before, t))}
      </tbody>
    </table>
  </div>`;
}

function row(move, before, t) {
  const { item, from, to } = move;
  return html`<tr>
    <td class="number">${to}</td>
    <th scope="row">${item.title}</th>
    <td class="number">${from ?? "–"}</td>
    <td>${moved(move, before, t)}</td>
    <td class="number">${item.llm_score === null ? "–" : item.llm_score.toFixed(2)}</td>
    <td class="number">${item.score.toFixed(3)}</td>
    <td>${item.origin ? t.origins[item.origin] : "–"}</td>
  </tr>`;
}
