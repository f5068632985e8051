// Why an item stands where it does: what raised its score at once, then the sentence, once it is checked.

import { html, nothing } from "../html.js";
import { goTo } from "../focus.js";
import { signed } from "../words.js";

export function reason(state, item, t) {
  const known = state.answer.reasons[item.item_id];
  if (known) {
    const said = sentence(known, state.phase === "streaming", item, t);
    return html`<div class="reason">${said} ${chips(known, item, t)} ${asides(known, t)}</div>`;
  }
  const expected = state.phase === "streaming" && item.rank <= state.settings.explained && !state.answer.ranking.degraded;
  return expected ? html`<p class="reason coming">${t.waitingForReason}</p>` : nothing;
}

function sentence({ explanation, evidence, against = [] }, coming, item, t) {
  if (explanation && !explanation.text) return nothing;
  if (!explanation) return coming ? html`<p class="coming">${evidence ? t.writing : t.waitingForReason}</p>` : nothing;
  return html`<p lang=${explanation.language}>
    ${cited(explanation.text, [...evidence, ...against], item, t)} <span class="by quiet">${t.bySource[explanation.source]}</span>
  </p>`;
}

/** The text, in which each title that it cites is a way to the purchase. */
function cited(text, evidence, item, t) {
  const inIt = evidence.filter(({ title }) => title && text.includes(title));
  const [found] = inIt.toSorted((a, b) => b.title.length - a.title.length); // “Milk” is in “Milk chocolate” too
  if (!found) return text;
  const at = text.indexOf(found.title);
  const others = evidence.filter((one) => one !== found);
  const link = html`<button class="cite" @click=${to(found)}>${found.title}</button>`;
  return html`${cited(text.slice(0, at), others, item, t)}${link}${cited(text.slice(at + found.title.length), others, item, t)}`;
}

const to = ({ item_id }) => () => goTo(`purchase ${item_id}`);

function chips({ evidence, against = [], explanation }, item, t) {
  if (!evidence) return nothing;
  const none = explanation?.rejected ? nothing : html`<p class="quiet">${t.nothingFound}</p>`; // a receipt has what is cited
  const found = evidence.length ? row(evidence, t.because, item, t) : none;
  return html`${found} ${against.length ? row(against, t.despite, item, t) : nothing}`;
}

const row = (found, said, item, t) =>
  html`<div class="evidence"><span class="quiet">${said}</span> ${found.map((one) => chip(one, item, t))}</div>`;

function chip(one, item, t) {
  const effect = signed(-one.effect);
  return html`<button
    class="chip"
    data-name="reason ${item.item_id} ${one.item_id}"
    aria-label=${t.cites(one.title, effect)}
    @click=${to(one)}
  >
    <span>${one.title}</span> <b>${effect}</b>
  </button>`;
}

function asides({ explanation, draft }, t) {
  const rejected = explanation?.rejected
    ? html`<details class="aside"><summary>${t.rejected}</summary><p lang="en">${explanation.rejected}</p></details>`
    : nothing;
  const raw = draft
    ? html`<details class="aside unchecked"><summary>${t.draft}</summary><p>${draft.text}</p></details>`
    : nothing;
  return html`${rejected} ${raw}`;
}
