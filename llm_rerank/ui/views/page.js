// The whole page.

import { html, nothing } from "../html.js";
import { answer } from "./answer.js";
import { changes } from "./changes.js";
import { keyForm } from "./key.js";
import { purchases } from "./purchases.js";
import { receipt } from "./receipt.js";
import { settings } from "./settings.js";
import { whyNot } from "./why-not.js";

export function page(state, t) {
  return html`
    <a class="skip" href="#list">${t.skip}</a>
    <header>
      <div>
        <h1>${t.title}</h1>
        <p>${t.lead}</p>
      </div>
      ${state.settings ? settings(state, t) : nothing}
    </header>
    <p class="unseen" role="status">${announced(state, t)}</p>
    ${inside(state, t)}
  `;
}

function inside(state, t) {
  if (state.phase === "no-key") return keyForm(state, t);
  return state.settings ? opened(state, t) : html`<main id="list" tabindex="-1">${answer(state, t)}</main>`;
}

function opened(state, t) {
  return html`
    <div class="columns">
      <main id="list" tabindex="-1">${changes(state, t)} ${answer(state, t)} ${state.answer ? beneath(state, t) : nothing}</main>
      ${state.answer ? purchases(state, t) : nothing}
    </div>
  `;
}

function beneath(state, t) {
  return html`${whyNot(state, t)} ${receipt(state, t)}`;
}

/** What is told to who does not see the page: that something is there, never the text that fills in. */
function announced({ phase, settings, answer }, t) {
  if (phase === "loading") return settings ? t.loading(settings.user) : "";
  if (!answer) return "";
  const there = t.ranked(answer.ranking.items.length, settings.user);
  return phase === "streaming" ? `${there} ${t.reasonsComing}` : there;
}
