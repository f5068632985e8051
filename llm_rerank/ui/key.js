// The API key: it comes in the address's fragment, which no server sees, and stays in this tab.

const PLACE = "llm-rerank key";
const FIT = /^[\x21-\x7e]+$/; // for a header

/** The key of this tab. */
export function takeKey() {
  return keyInAddress() ?? sessionStorage.getItem(PLACE) ?? "";
}

/** The one in the address, which is kept, and taken out of it at once; null where there is none. */
export function keyInAddress() {
  const shown = new URLSearchParams(location.hash.slice(1)).get("key");
  if (!shown) return null;
  history.replaceState(history.state, "", location.pathname + location.search);
  return keepKey(shown);
}

/** Keeps this one and returns it; one that is empty, or fits no header, is forgotten. */
export function keepKey(key) {
  const kept = FIT.test(key) ? key : "";
  if (kept) sessionStorage.setItem(PLACE, kept);
  else sessionStorage.removeItem(PLACE);
  return kept;
}
