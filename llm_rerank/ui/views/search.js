// A search of the catalogue by words of a title.

import { ask } from "../api.js";
import { html, nothing } from "../html.js";
import { change, state } from "../store.js";
import { wrong } from "./notice.js";

const LIMIT = 8;
const running = {};

/** `purpose` keeps one search apart from another; `choose` is called with the item that is picked. */
export function search({ search: all }, purpose, { title, help, pick, label, choose }, t) {
  const { found, problem } = all[purpose] ?? {};
  return html`<section class="search" aria-labelledby="search-${purpose}">
    <h2 id="search-${purpose}">${title}</h2>
    <form role="search" aria-labelledby="search-${purpose}" @submit=${(event) => look(event, purpose)}>
      <input name="query" data-name="search ${purpose}" aria-labelledby="search-${purpose}" autocomplete="off" required />
      <button>${t.find}</button>
    </form>
    ${help ? html`<p class="quiet">${help}</p>` : nothing}
    ${wrong(problem, t)}
    ${found && !found.length ? html`<p>${t.noneFound}</p>` : nothing}
    <ul>
      ${(found ?? []).map(
        (item) => html`<li>
          <span>${item.title}</span>
          <button class="plain" data-name="${purpose} ${item.item_id}" data-then="search ${purpose}" aria-label=${label(item.title)} @click=${() => choose(item)}>${pick}</button>
        </li>`,
      )}
    </ul>
  </section>`;
}

async function look(event, purpose) {
  event.preventDefault();
  const query = new URLSearchParams({ query: new FormData(event.target).get("query"), limit: LIMIT });
  running[purpose]?.abort();
  const { signal } = (running[purpose] = new AbortController());
  const [result, news] = await ask("GET", `/v1/items?${query}`, { signal }).then(
    ({ items }) => [{ found: items }, (t) => (items.length ? t.found(items.length) : t.noneFound)],
    (problem) => [{ problem }, problem],
  );
  if (!signal.aborted) change({ search: { ...state.search, [purpose]: result }, news });
}
