// What was changed, and what the list did about it.

import { difference, hasChange } from "../comparing.js";
import { takeBack } from "../feedback.js";
import { changeHistory, undo } from "../going.js";
import { html, nothing } from "../html.js";
import { wrong } from "./notice.js";

export function changes(state, t) {
  return html`${wrong(state.receipt?.feedbackProblem, t)} ${changed(state, t)} ${obeyed(state, t)}`;
}

function changed(state, t) {
  const { settings } = state;
  const what = whatWas(state, t);
  if (!what.length || settings.ranking) return nothing;
  return html`<section class="changed" aria-labelledby="changed">
    <h2 id="changed">${t.changed}</h2>
    <p>${what.join(" · ")}${t.stop} ${inWords(state, t)} ${gone(state, t)}</p>
    ${settings.without.length || settings.added.length ? undoing(t) : nothing}
  </section>`;
}

/** Feedback is compared with the list before it, a change of the history with the list for the whole one. */
function whatWas({ settings, base }, t) {
  if (base?.said) return [t.said(base.said)];
  const { without, added } = settings;
  return [without.length && t.without(without.length), added.length && t.withAdded(added.length)].filter(Boolean);
}

/** How much came, went and moved; nothing where there is no list to compare with. */
export function inWords(state, t) {
  if (!state.answer || state.settings.ranking || !hasChange(state)) return "";
  const { moved, came, gone } = difference(state);
  if (!moved.length && !came.length && !gone.length) return t.nothingChanged;
  return t.difference({ moved: moved.length, came: came.length, gone: gone.length });
}

function gone(state, t) {
  const { gone: items } = state.answer && hasChange(state) ? difference(state) : { gone: [] };
  return items.length ? html`<span class="gone">${t.gone} ${items.map(({ title }) => html`<s>${title}</s> `)}</span>` : nothing;
}

function undoing(t) {
  return html`<p class="tools">
    <button data-name="undo" @click=${undo}>${t.undo}</button>
    <button class="plain" @click=${() => changeHistory({ without: [], added: [] })}>${t.putAllBack}</button>
  </p>`;
}

function obeyed({ said, settings }, t) {
  if (!said.length || settings.ranking) return nothing;
  return html`<details class="obeyed" open>
    <summary>${t.obeyed}</summary>
    <ul>
      ${said.map(
        (one) => html`<li>
          <span>${one.title || one.item_id}</span> <span class="badge">${t.saidKind[one.kind]}</span>
          <button class="plain" data-name="back ${one.item_id}" aria-label=${t.takeBackOf(one.title || one.item_id)} @click=${() => takeBack(one)}>${t.takeBack}</button>
        </li>`,
      )}
    </ul>
  </details>`;
}
