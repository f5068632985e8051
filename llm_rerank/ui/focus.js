// Where the keyboard is.

/** Draws. The focus stays on what has its `data-name`; where that has gone it is on its `data-then`, else the list. */
export function keepingFocus(draw) {
  const held = document.activeElement;
  const { name, then } = held.dataset;
  draw();
  if (held.isConnected && held.dataset.name === name) return;
  const there = named(name) ?? named(then) ?? document.getElementById("list");
  there?.focus({ preventScroll: true });
}

/** Moves the focus to what has this name, and into sight. */
export function goTo(name) {
  const there = named(name);
  there?.closest("details")?.setAttribute("open", "");
  there?.focus({ preventScroll: true });
  there?.scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
}

const named = (name) => name && document.querySelector(`[data-name="${CSS.escape(name)}"]`);

function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
