// The receipt: what the answer was made with, the view to take along, and whether it still holds.

import { linkOf } from "../address.js";
import { rankingPath } from "../answers.js";
import { ask } from "../api.js";
import { curlOf, download, pythonOf } from "../copying.js";
import { addressWith, following } from "../going.js";
import { html, nothing } from "../html.js";
import { change, state } from "../store.js";
import { notice } from "./notice.js";

export function receipt({ answer, settings, about, receipt: shown }, t) {
  const { ranking } = answer;
  return html`<details class="receipt" ?open=${Boolean(settings.ranking)}>
    <summary>${t.receipt}</summary>
    <dl>${made(ranking, about, t).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    <p class="tools">
      <button @click=${() => copy("link", linkOf(settings, about))}>${t.copyLink}</button>
      <button @click=${() => download(`ranking-${ranking.ranking_id ?? "unkept"}.json`, ranking)}>${t.saveJson}</button>
      <button @click=${() => copy("curl", curlOf(settings))}>${t.copyCurl}</button>
      <button @click=${() => copy("python", pythonOf(settings))}>${t.copyPython}</button>
    </p>
    <p class="quiet">${t.keyStays}</p>
    ${ranking.ranking_id ? replaying(ranking.ranking_id, settings, t) : nothing} ${outcome(shown, t)}
    <details><summary>curl</summary><pre tabindex="0">${curlOf(settings)}</pre></details>
    <details><summary>Python</summary><pre tabindex="0">${pythonOf(settings)}</pre></details>
  </details>`;
}

function made(ranking, about, t) {
  const spent = Object.entries(ranking.timings_ms).map(([stage, ms]) => `${t.stages[stage] ?? stage} ${Math.round(ms)}`);
  return [
    [t.made.model, ranking.model],
    [t.made.adapter, ranking.adapter ?? t.noAdapter],
    [t.made.method, about.method],
    [t.made.llm_weight, ranking.llm_weight],
    [t.made.ms, spent.join(", ")],
    [t.made.ranking_id, ranking.ranking_id ?? "–"],
  ];
}

function replaying(id, { ranking }, t) {
  return html`<p class="tools">
    <button @click=${() => replay(id)}>${t.replay}</button>
    ${ranking ? nothing : html`<a href=${addressWith({ ranking: id })} @click=${following({ ranking: id })}>${t.openReceipt}</a>`}
  </p>`;
}

function outcome(shown, t) {
  if (shown?.copied) return notice("about", t.copied[shown.copied]);
  if (shown?.problem) return notice("wrong", t.problem(shown.problem));
  if (!shown?.replayed) return nothing;
  const { same, largest_difference, changed, not_sold } = shown.replayed;
  const largest = largest_difference.toFixed(3);
  const more = [
    changed.length && t.changedSince(changed.join(", ")),
    not_sold.length && t.notSold(not_sold.length),
  ].filter(Boolean);
  return notice(same ? "about" : "degraded", [same ? t.same(largest) : t.differs(largest), ...more].join(" "));
}

async function copy(what, text) {
  await navigator.clipboard.writeText(text);
  change({ receipt: { copied: what } });
}

async function replay(id) {
  const outcome = await ask("POST", `${rankingPath(id)}/replay`).then(
    (replayed) => ({ replayed }),
    (problem) => ({ problem }),
  );
  if (state.answer?.ranking.ranking_id === id) change({ receipt: outcome });
}
