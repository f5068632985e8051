// The history: what each purchase did for the list, and what the list would be without it.

import { changeHistory } from "../going.js";
import { html, nothing } from "../html.js";
import { citing, goTo, lightingPurchase } from "../lighting.js";
import { day } from "../words.js";
import { search } from "./search.js";

const OLDER_SHOWN = 100;

export function purchases(state, t) {
  const { history, settings, about } = state;
  const [read, older] = parted(history, settings.without, about.history_items);
  return html`<aside aria-labelledby="purchases">
    <h2 id="purchases">${t.history}</h2>
    <p class="quiet">${t.historyHelp(about.history_items)}</p>
    <ol class="purchases">${all(read, state, t)}</ol>
    ${older.length
      ? html`<details><summary>${t.older(older.length)}</summary><ol class="purchases">${all(older.slice(0, OLDER_SHOWN), state, t)}</ol></details>`
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
    <span class="quiet">${one.added ? t.added : done(one, t)} ${taken ? html`<b>${t.taken}</b>` : nothing}</span>
    ${back(one, state, t)} ${state.settings.ranking ? nothing : switches(one, taken, state, t)}
  </li>`;
}

function done({ kind, times, last }, t) {
  return `${t.did[kind]} ${t.times(times)}, ${t.last(day(last))}`;
}

function back(one, state, t) {
  const items = citing(one.item_id);
  if (!items.length) return nothing;
  const to = (item) => () => goTo(`reason ${item.item_id} ${one.item_id}`);
  return html`<span class="citing">
    ${t.citedIn} ${items.map((item) => html`<button class="cite" aria-label=${t.backTo(item.rank, item.title)} @click=${to(item)}>${item.rank}</button>`)}
  </span>`;
}

function switches(one, taken, { settings }, t) {
  const { without, added } = settings;
  const drop = (ids) => ids.filter((id) => id !== one.item_id);
  const back = one.added ? { added: drop(added) } : { without: taken ? drop(without) : [...without, one.item_id] };
  const backed = taken || one.added;
  return html`<button
    class="plain take"
    aria-label=${(backed && taken ? t.putBackOf : t.takeAwayOf)(one.title)}
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
