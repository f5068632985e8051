// Begins.

import { begin, beginWith } from "./beginning.js";
import { keepingFocus } from "./focus.js";
import { arrive } from "./going.js";
import { render } from "./html.js";
import { keyInAddress, takeKey } from "./key.js";
import { darken } from "./lighting.js";
import { change, drawnBy, state } from "./store.js";
import { page } from "./views/page.js";
import { speak, words } from "./words.js";

const root = document.getElementById("app");

const key = takeKey(); // first of all: it should not stay in the address
await speak(new URLSearchParams(location.search).get("language"));

drawnBy(() => {
  const { tag, title, quality } = words();
  const { user, view } = state.settings ?? {};
  document.documentElement.lang = tag;
  document.title = view === "quality" ? quality.heading : user ? `${user}: ${title}` : title;
  keepingFocus(() => render(page(state, words()), root));
});

addEventListener("popstate", () => state.key && state.about && arrive());
addEventListener("hashchange", () => {
  const another = keyInAddress();
  if (another !== null) beginWith(another);
});
addEventListener("keydown", (event) => event.key === "Escape" && darken());

change({ key });
begin();
