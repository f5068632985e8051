// What can be said of an item.

import { say } from "../feedback.js";
import { html, nothing } from "../html.js";

const KINDS = { like: "+", dislike: "−", have: "✓", hide: "✕" };

export function feedback({ answer }, item, t) {
  if (!answer.ranking.ranking_id || answer.receipt) return nothing;
  return Object.entries(KINDS).map(
    ([kind, mark]) => html`<button
      class="plain"
      data-name="${kind} ${item.item_id}"
      aria-label=${t.feedbackOn(t.feedback[kind], item.title)}
      @click=${() => say(item, kind)}
    >
      <span aria-hidden="true">${mark}</span> ${t.feedback[kind]}
    </button>`,
  );
}
