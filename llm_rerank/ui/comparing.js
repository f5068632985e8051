// Two orders of a list, and what lies between them.

/** What the answer on screen is compared with: the list before a change, or retrieval's order. */
export function movesOf(state) {
  const { answer, base, settings } = state;
  const before = hasChange(state) && settings.from !== "retrieval";
  const from = before ? (item) => base.places.get(item.item_id) ?? null : (item) => item.retrieval_rank;
  const moves = answer.ranking.items.map((item) => ({ item, from: from(item), to: item.rank }));
  return { before, moves };
}

/** Whether there is a list before a change to compare with. */
export function hasChange({ phase, base, settings }) {
  return Boolean(phase !== "loading" && base && (base.said || settings.without.length || settings.added.length));
}

/** How many places up; null where it was not there. */
export const climbed = ({ from, to }) => (from === null ? null : from - to);

/** Those that moved by so many places or more, or came. */
export const movedBy = (least, moves) => moves.filter((one) => from(one) >= least);

const from = (one) => (one.from === null ? Infinity : Math.abs(climbed(one)));

/** What came, went and moved between the list before and this one. */
export function difference({ answer, base }) {
  const now = new Set(answer.ranking.items.map((item) => item.item_id));
  const was = (item) => base.places.get(item.item_id);
  return {
    came: answer.ranking.items.filter((item) => !was(item)),
    gone: base.items.filter((item) => !now.has(item.item_id)),
    moved: answer.ranking.items.filter((item) => was(item) && was(item) !== item.rank),
  };
}
