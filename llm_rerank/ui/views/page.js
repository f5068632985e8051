// The whole page.

import { html, nothing } from "../html.js";
import { answer } from "./answer.js";
import { changes, inWords } from "./changes.js";
import { keyForm } from "./key.js";
import { told } from "./notice.js";
import { purchases } from "./purchases.js";
import { quality } from "./quality.js";
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
  if (state.settings?.view === "quality") return html`<main id="list" tabindex="-1">${quality(state, t)}</main>`;
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

function measured(quality, t) {
  if (!quality) return t.quality.loading;
  return quality.problem ? told(quality.problem, t) : t.quality.heading;
}

/** What is told to who does not see the page: that something is there, never the text that fills in. */
function announced(state, t) {
  const { phase, settings, answer, problem, news } = state;
  if (settings?.view === "quality" && phase !== "no-key") return measured(state.quality, t);
  if (phase === "loading") return settings ? t.loading(settings.user) : "";
  if (problem) return told(problem, t);
  if (news) return typeof news === "function" ? news(t) : told(news, t);
  if (!answer) return "";
  const { ranking, brokeOff } = answer;
  const there = t.ranked(ranking.items.length, settings.user);
  const less = brokeOff || ranking.degraded ? t.degradedTitle : "";
  return [there, inWords(state, t), less, phase === "streaming" ? t.reasonsComing : ""].filter(Boolean).join(" ");
}
