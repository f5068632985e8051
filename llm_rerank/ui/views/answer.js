// The answer: what is to be known of it, and one of its views.

import { begin } from "../beginning.js";
import { addressWith, following, go } from "../going.js";
import { html, nothing } from "../html.js";
import { termsOf } from "../receipts.js";
import { moment } from "../words.js";
import { degradation } from "./degradation.js";
import { list } from "./list.js";
import { moves } from "./moves.js";
import { notice, wrong } from "./notice.js";
import { table } from "./table.js";

const VIEWS = { list, moves, table };

export function answer(state, t) {
  const { phase, problem, answer, settings } = state;
  if (phase === "error") return wrong(problem, t, html`<button @click=${begin}>${t.again}</button>`);
  const busy = phase === "loading";
  return html`${busy ? waiting(state, t) : nothing} ${answer ? shown(state, busy, t) : nothing}`;
}

function shown(state, busy, t) {
  const { answer, settings, history } = state;
  const empty = answer.ranking.items.length === 0;
  return html`
    ${kept(state, t)} ${otherSettings(state, t)} ${degradation(answer, t)}
    ${history?.length === 0 && !busy && !settings.ranking ? notice("about", t.noHistory) : nothing}
    ${views(settings, t)}
    <div aria-busy=${busy}>${empty ? notice("about", t.empty) : VIEWS[settings.view](state, t)}</div>
  `;
}

function waiting({ settings, answer }, t) {
  const lines = html`<div class="lines" aria-hidden="true">${[1, 2, 3, 4, 5].map(() => html`<span></span>`)}</div>`;
  return html`<div class="waiting">
    <p>${settings ? t.loading(settings.user) : ""}</p>
    ${answer ? nothing : lines}
  </div>`;
}

function kept(state, t) {
  const { receipt } = state.answer;
  if (!receipt) return nothing;
  const { language } = termsOf(state).settings;
  const anew = html`<button @click=${() => go({ ranking: "", language })}>${t.askAnew}</button>`;
  return notice("about", t.receiptOf(moment(receipt.at)), anew);
}

/** A link says what it was made with; the service may have something else by now. */
function otherSettings({ settings, about }, t) {
  const differing = ["method", "adapter"].filter((name) => settings[name] !== null && settings[name] !== (about[name] ?? ""));
  return differing.map((name) =>
    notice("about", t.otherSettings(settings[name] || t.noAdapter, about[name] || t.noAdapter)),
  );
}

function views(settings, t) {
  return html`<nav class="views" aria-label=${t.views}>
    ${Object.keys(VIEWS).map(
      (view) => html`<a
        href=${addressWith({ view })}
        aria-current=${view === settings.view ? "page" : "false"}
        @click=${following({ view })}
        >${t[view]}</a
      >`,
    )}
  </nav>`;
}
