// All that is on screen, in one place. Whoever changes it has the page drawn again.

export const state = {
  about: null, // what /ui/settings.json says of the service
  settings: null, // what the address says
  key: "",
  phase: "loading", // no-key, loading, streaming, done, error
  problem: null, // a Refused, where there is one
  answer: null, // see answers.js
  whose: null, // the user whose answer and history these are; null for a receipt's
  history: null, // purchases, the newest first, each item once; null as long as they are not known
  historyProblem: null, // a Refused, where they do not come
  base: null, // the answer without the changes to the history, or before the last feedback
  effects: null, // for and against one item
  said: [], // feedback that is obeyed
  search: {}, // what was looked for, and found, by purpose
  quality: null, // what was measured, or the problem with asking; null as long as it is not known
  receipt: null, // what a replay said, what was copied
  news: null, // what happened last, as a function of the words, for who does not see it
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
