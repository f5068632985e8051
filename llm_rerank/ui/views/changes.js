// What was changed, and what the list did about it.

import { difference, hasChange } from "../comparing.js";
import { takeBack } from "../feedback.js";
import { changeHistory, undo } from "../going.js";
import { html, nothing } from "../html.js";
import { notice } from "./notice.js";

export function changes(state, t) {
  return html`${problem(state.receipt?.feedbackProblem, t)} ${changed(state, t)} ${obeyed(state, t)}`;
}

function problem(one, t) {
  return one ? notice("wrong", t.problem(one)) : nothing;
}

function changed(state, t) {
  const { settings, base, answer } = state;
  const what = [
    base?.said && t.said(base.said),
    settings.without.length && t.without(settings.without.length),
    settings.added.length && t.withAdded(settings.added.length),
  ].filter(Boolean);
  if (!what.length || settings.ranking) return nothing;
  return html`<section class="changed" aria-labelledby="changed">
    <h2 id="changed">${t.changed}</h2>
    <p>${what.join(" · ")}. ${answer && hasChange(state) ? counted(difference(state), t) : nothing}</p>
    ${settings.without.length || settings.added.length ? undoing(t) : nothing}
  </section>`;
}

function counted({ moved, came, gone }, t) {
  if (!moved.length && !came.length && !gone.length) return t.nothingChanged;
  const numbers = { moved: moved.length, came: came.length, gone: gone.length };
  return html`${t.difference(numbers)}
  ${gone.length ? html`<span class="gone">${t.gone} ${gone.map((item) => html`<s>${item.title}</s> `)}</span>` : nothing}`;
}

function undoing(t) {
  return html`<p class="tools">
    <button @click=${undo}>${t.undo}</button>
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
          <span>${one.title}</span> <span class="badge">${t.saidKind[one.kind]}</span>
          <button class="plain" aria-label=${t.takeBackOf(one.title)} @click=${() => takeBack(one)}>${t.takeBack}</button>
        </li>`,
      )}
    </ul>
  </details>`;
}
