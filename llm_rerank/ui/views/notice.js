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

export function wrong(problem, t, more) {
  return problem ? notice("wrong", told(problem, t), more) : nothing;
}

/** A refusal in the page's words; where it has none, in the service's. */
export function told({ code, message, wait }, t) {
  const words = t.problems[code] ?? html`${t.serviceSays} <q lang="en">${message}</q>`;
  return wait ? html`${words} ${t.wait(wait)}` : words;
}
