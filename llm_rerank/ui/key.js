// The API key: it comes in the address's fragment, which no server sees, and stays in this tab.

const PLACE = "llm-rerank key";

/** The key of this tab. One in the address is kept, and taken out of it at once. */
export function takeKey() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const shown = fragment.get("key");
  if (shown) {
    sessionStorage.setItem(PLACE, shown);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(PLACE) ?? "";
}

/** Keeps this one; an empty one is forgotten. */
export function keepKey(key) {
  if (key) sessionStorage.setItem(PLACE, key);
  else sessionStorage.removeItem(PLACE);
}
