// Who is looked at, and on what terms.

import { addressWith, following, go } from "../going.js";
import { html } from "../html.js";

export function settings({ settings: now, about }, t) {
  return html`
    <div class="controls">
      <form class="person" @submit=${submitted(({ user }) => ({ ...anew, ...listed(now), user: user.trim() || now.user }), true)}>
        <label>${t.person} <input name="user" .value=${now.user} autocomplete="off" spellcheck="false" /></label>
        <button>${t.show}</button>
      </form>
      <nav class="pages" aria-label=${t.pages}>${there(now, "list", t.title)} ${there(now, "quality", t.quality.link)}</nav>
      <nav class="languages" aria-label=${t.language}>${about.languages.map((one) => language(one, now))}</nav>
      <details class="settings">
        <summary>${t.settings}</summary>
        <form @submit=${submitted((given) => ({ ...termsOf(given), ...listed(now) }))}>${terms(now, about, t)}<button>${t.apply}</button></form>
      </details>
    </div>
  `;
}

const anew = { without: [], added: [], item: "", ranking: "" };
const listed = ({ view }) => (view === "quality" ? { view: "list" } : {});
const NAMES = { en: "English", zh: "中文" };

function there(now, view, name) {
  const current = (now.view === "quality") === (view === "quality");
  return html`<a href=${addressWith({ view })} aria-current=${current ? "page" : "false"} @click=${following({ view })}>${name}</a>`;
}

function language(one, now) {
  return html`<a
    href=${addressWith({ language: one })}
    lang=${one}
    hreflang=${one}
    aria-current=${one === now.language}
    @click=${following({ language: one })}
    >${NAMES[one]}</a
  >`;
}

function terms(now, { most }, t) {
  return html`
    <label>${t.top_n} <input name="top_n" type="number" min="1" max=${most.top_n} .value=${String(now.top_n)} /></label>
    <label>
      ${t.explained} <input name="explained" type="number" min="0" max=${most.explained} .value=${String(now.explained)} />
    </label>
    <label>${t.deadline} <input name="deadline_ms" type="number" min="1" max=${most.deadline_ms} .value=${String(now.deadline_ms ?? "")} /></label>
    <label class="wide">
      ${t.instruction} <input name="instruction" maxlength="1000" .value=${now.instruction} aria-describedby="told" />
    </label>
    <p id="told" class="quiet wide">${t.instructionHelp}</p>
    <label class="check wide"><input name="drafts" type="checkbox" .checked=${now.drafts} /> ${t.drafts}</label>
  `;
}

function termsOf({ top_n, explained, deadline_ms, instruction, drafts }) {
  const numbers = { top_n: Number(top_n), explained: Number(explained), deadline_ms: Number(deadline_ms) || null };
  return { ...numbers, instruction: instruction.trim(), drafts: drafts === "on", ranking: "" };
}

function submitted(changed, asksAnew = false) {
  return (event) => {
    event.preventDefault();
    go(changed(Object.fromEntries(new FormData(event.target))), asksAnew);
  };
}
