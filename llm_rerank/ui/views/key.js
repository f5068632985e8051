// The form that asks for a key.

import { beginWith } from "../beginning.js";
import { html } from "../html.js";
import { wrong } from "./notice.js";

export function keyForm({ problem }, t) {
  const use = (event) => {
    event.preventDefault();
    beginWith(new FormData(event.target).get("key").trim());
  };
  return html`
    <main id="list" tabindex="-1" class="narrow">
      ${wrong(problem, t)}
      <form @submit=${use}>
        <p>${t.keyWanted}</p>
        <label>${t.key} <input name="key" type="password" autocomplete="off" required spellcheck="false" /></label>
        <button>${t.keyUse}</button>
        <p class="quiet">${t.keyHelp}</p>
      </form>
    </main>
  `;
}
