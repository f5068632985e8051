// Reasons and purchases light each other up: by pointer, focus and touch.

import { change, state } from "./store.js";

/** The ids of what a ranked item's reason cites. */
export function citedBy(id) {
  return (state.answer?.reasons[id]?.evidence ?? []).map((one) => one.item_id);
}

/** The ranked items whose reasons cite this purchase. */
export function citing(id) {
  return (state.answer?.ranking.items ?? []).filter((item) => citedBy(item.item_id).includes(id));
}

/** What happens to a ranked item that lights up the purchases it cites. */
export const lightingItem = (id) => handlers(() => ({ items: new Set([id]), purchases: new Set(citedBy(id)) }));

/** What happens to a purchase that lights up the items whose reasons cite it. */
export const lightingPurchase = (id) =>
  handlers(() => ({ items: new Set(citing(id).map((item) => item.item_id)), purchases: new Set([id]) }));

/** Puts everything out. */
export function darken() {
  change({ lit: { items: new Set(), purchases: new Set(), pinned: false } });
}

function handlers(lit) {
  const light = (pinned) => change({ lit: { ...lit(), pinned } });
  return {
    enter: (event) => event.pointerType === "mouse" && !state.lit.pinned && light(false),
    leave: (event) => event.pointerType === "mouse" && !state.lit.pinned && darken(),
    focus: () => light(false),
    blur: () => !state.lit.pinned && darken(),
    press: () => light(true), // a touch has no hovering: what is pressed stays lit until something else is
  };
}
