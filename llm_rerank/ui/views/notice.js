// A sentence beside the list: a mark, words and a frame, never a colour alone.

import { html, nothing } from "../html.js";

const MARKS = { degraded: "!", wrong: "✕", about: "i" };

export function notice(kind, text, more = nothing) {
  return html`<div class="notice ${kind}">
    <span class="mark" aria-hidden="true">${MARKS[kind]}</span>
    <div>
      <p>${text}</p>
      ${more}
    </div>
  </div>`;
}
