// The history: what each purchase did for the list, and what the list would be without it.

import { goTo } from "../focus.js";
import { changeHistory, go } from "../going.js";
import { html, nothing } from "../html.js";
import { citing, lightingPurchase } from "../lighting.js";
import { day } from "../words.js";
import { wrong } from "./notice.js";
import { search } from "./search.js";

const OLDER_SHOWN = 100;

export function purchases(state, t) {
  const { history, historyProblem, settings, about } = state;
  const [read, older] = parted(history ?? [], settings.without, about.history_items);
  return html`<aside aria-labelledby="purchases">
    <h2 id="purchases">${t.history}</h2>
    <p class="quiet">${t.historyHelp(about.history_items)}</p>
    ${wrong(historyProblem, t)}
    <ol class="purchases">${all(read, state, t)}</ol>
    ${older.length
      ? html`<details><summary>${t.older(older.length, OLDER_SHOWN)}</summary><ol class="purchases">${all(older.slice(0, OLDER_SHOWN), state, t)}</ol></details>`
      : nothing}
    ${settings.ranking ? nothing : addition(state, t)}
  </aside>`;
}

/** What the LLM reads at most, and what is older; what is taken away stands where it stood. */
function parted(history, without, most) {
  let place = 0;
  const after = history.findIndex((one) => one.sold !== false && !without.includes(one.item_id) && ++place > most);
  return after < 0 ? [history, []] : [history.slice(0, after), history.slice(after)];
}

function all(shown, state, t) {
  return shown.map((one) => purchase(one, state, t));
}

function purchase(one, state, t) {
  const { enter, leave, focus, blur, press } = lightingPurchase(one.item_id);
  const taken = state.settings.without.includes(one.item_id);
  const lit = state.lit.purchases.has(one.item_id);
  return html`<li class="${lit ? "lit" : ""} ${taken ? "taken" : ""}" @pointerenter=${enter} @pointerleave=${leave} @focusin=${focus} @focusout=${blur}>
    <button class="title" data-name="purchase ${one.item_id}" aria-pressed=${lit && state.lit.pinned} @click=${press}>${one.title}</button>
    <span class="quiet">${did(one, t)}, ${one.item_id} ${taken ? html`<b>${t.taken}</b>` : nothing}</span>
    ${back(one, state, t)} ${state.settings.ranking || one.liked ? nothing : switches(one, taken, state, t)}
  </li>`;
}

function did({ added, liked, did, last }, t) {
  if (added) return t.added;
  if (liked) return t.saidKind.like;
  const done = Object.entries(did).map(([kind, times]) => `${t.did[kind]} ${t.times(times)}`);
  return [...done, t.last(day(last))].join(t.comma);
}

function back(one, state, t) {
  const items = citing(one.item_id);
  if (!items.length) return nothing;
  const cite = (item) =>
    html`<button class="cite" aria-label=${t.backTo(item.rank, item.title)} @click=${() => toReason(item, one, state)}>${item.rank}</button>`;
  const [before, after] = t.citedIn;
  return html`<span class="citing">${before} ${items.map((item, place) => [place ? t.comma : "", cite(item)])} ${after}</span>`;
}

/** Reasons stand in the list. */
async function toReason(item, one, { settings }) {
  if (settings.view !== "list") await go({ view: "list" });
  goTo(`reason ${item.item_id} ${one.item_id}`);
}

function switches(one, taken, { settings }, t) {
  const { without, added } = settings;
  const drop = (ids) => ids.filter((id) => id !== one.item_id);
  const back = one.added ? { added: drop(added) } : { without: taken ? drop(without) : [...without, one.item_id] };
  return html`<button
    class="plain take"
    data-name="take ${one.item_id}"
    aria-label=${(taken ? t.putBackOf : t.takeAwayOf)(one.title)}
    @click=${() => changeHistory(back)}
  >
    ${taken ? t.putBack : t.takeAway}
  </button>`;
}

function addition(state, t) {
  const { added } = state.settings;
  const choose = ({ item_id }) => changeHistory({ added: [...added.filter((id) => id !== item_id), item_id] });
  return search(state, "add", { title: t.addPurchase, pick: t.add, label: t.addOf, choose }, t);
}
