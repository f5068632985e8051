// All that is on screen, in one place. Whoever changes it has the page drawn again.

export const state = {
  about: null, // what /ui/settings.json says of the service
  settings: null, // what the address says
  key: "",
  phase: "loading", // no-key, loading, streaming, done, error
  problem: null, // a Refused, where there is one
  answer: null, // see answers.js
  history: [], // purchases, the newest first, each item once
  base: null, // the answer without the changes to the history, or before the last feedback
  effects: null, // for and against one item
  said: [], // feedback that is obeyed
  search: {}, // what was looked for, and found, by purpose
  receipt: null, // what a replay said, what was copied
  lit: { items: new Set(), purchases: new Set(), pinned: false },
};

let draw = () => {};
let due = false;

/** Calls `how` after every change: once for all that change in one go. */
export function drawnBy(how) {
  draw = how;
}

/** Puts these values in the place of what was there. */
export function change(values) {
  Object.assign(state, values);
  if (due) return;
  due = true;
  queueMicrotask(() => {
    due = false;
    draw(state);
  });
}
