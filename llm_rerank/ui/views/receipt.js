// The receipt: what the answer was made with, the view to take along, and whether it still holds.

import { linkOf } from "../address.js";
import { ask } from "../api.js";
import { curlOf, download, pythonOf } from "../copying.js";
import { addressWith, following } from "../going.js";
import { html, nothing } from "../html.js";
import { rankingPath, termsOf } from "../receipts.js";
import { change, state } from "../store.js";
import { notice, wrong } from "./notice.js";

export function receipt(current, t) {
  const { answer, settings, receipt: shown } = current;
  const { ranking } = answer;
  const terms = termsOf(current);
  const [curl, python] = [curlOf(terms.body), pythonOf(terms.body)];
  return html`<details class="receipt" ?open=${Boolean(settings.ranking)}>
    <summary>${t.receipt}</summary>
    <dl>${made(ranking, terms.made, t).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    <p class="tools">
      <button @click=${() => copy("link", linkOf(terms.settings, terms.made))}>${t.copyLink}</button>
      <button @click=${() => download(`ranking-${ranking.ranking_id ?? "unkept"}.json`, withReasons(answer))}>${t.saveJson}</button>
      <button @click=${() => copy("curl", curl)}>${t.copyCurl}</button>
      <button @click=${() => copy("python", python)}>${t.copyPython}</button>
    </p>
    <p class="quiet">${t.keyStays}</p>
    ${ranking.ranking_id ? replaying(ranking.ranking_id, settings, t) : nothing} ${outcome(shown, t)}
    <details><summary>curl</summary><pre tabindex="0">${curl}</pre></details>
    <details><summary>Python</summary><pre tabindex="0">${python}</pre></details>
  </details>`;
}

/** The list came before its reasons did. */
function withReasons({ ranking, reasons }) {
  const items = ranking.items.map((item) => ({ ...item, explanation: reasons[item.item_id]?.explanation ?? item.explanation }));
  return { ...ranking, items };
}

function made(ranking, { method }, t) {
  const spent = Object.entries(ranking.timings_ms).map(([stage, ms]) => `${t.stages[stage] ?? stage} ${Math.round(ms)}`);
  return [
    [t.made.model, ranking.model],
    [t.made.adapter, ranking.adapter ?? t.noAdapter],
    [t.made.method, method],
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
  if (shown?.text) return notice("degraded", t.notCopied, html`<pre tabindex="0">${shown.text}</pre>`);
  if (shown?.problem) return wrong(shown.problem, t);
  if (!shown?.replayed) return nothing;
  return notice(shown.replayed.same ? "about" : "degraded", compared(shown.replayed, t));
}

function compared({ same, largest_difference, changed, not_sold }, t) {
  const largest = largest_difference.toFixed(3);
  const more = [
    changed.length && t.changedSince(changed.join(", ")),
    not_sold.length && t.notSold(not_sold.length),
  ].filter(Boolean);
  return [same ? t.same(largest) : t.differs(largest), ...more].join(" ");
}

async function copy(what, text) {
  try {
    await navigator.clipboard.writeText(text); // which is not there but on localhost and over HTTPS
    change({ receipt: { copied: what }, news: (t) => t.copied[what] });
  } catch {
    change({ receipt: { text }, news: (t) => t.notCopied });
  }
}

async function replay(id) {
  const [receipt, news] = await ask("POST", `${rankingPath(id)}/replay`).then(
    (replayed) => [{ replayed }, (t) => compared(replayed, t)],
    (problem) => [{ problem }, problem],
  );
  if (state.answer?.ranking.ranking_id === id) change({ receipt, news });
}
