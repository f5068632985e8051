// The answer: what is to be known of it, and one of its views.

import { load } from "../answers.js";
import { addressWith, following, go } from "../going.js";
import { html, nothing } from "../html.js";
import { moment } from "../words.js";
import { degradation } from "./degradation.js";
import { list } from "./list.js";
import { moves } from "./moves.js";
import { notice } from "./notice.js";
import { table } from "./table.js";

const VIEWS = { list, moves, table };

export function answer(state, t) {
  const { phase, problem, answer, settings } = state;
  if (phase === "error") return wrong(problem, t);
  if (!answer) return waiting(settings, t);
  const empty = answer.ranking.items.length === 0;
  return html`
    ${kept(answer, t)} ${otherSettings(state, t)} ${degradation(answer, t)}
    ${state.history.length === 0 && !settings.ranking ? notice("about", t.noHistory) : nothing}
    ${views(settings, t)} ${empty ? notice("about", t.empty) : VIEWS[settings.view](state, t)}
  `;
}

function wrong(problem, t) {
  const again = html`<button @click=${() => load()}>${t.again}</button>`;
  return notice("wrong", `${t.problem(problem)} ${problem.wait ? t.wait(problem.wait) : ""}`, again);
}

function waiting(settings, t) {
  return html`<div class="waiting">
    <p>${settings ? t.loading(settings.user) : ""}</p>
    <div class="lines" aria-hidden="true">${[1, 2, 3, 4, 5].map(() => html`<span></span>`)}</div>
  </div>`;
}

function kept({ receipt }, t) {
  if (!receipt) return nothing;
  const anew = html`<button @click=${() => go({ ranking: "" })}>${t.askAnew}</button>`;
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
