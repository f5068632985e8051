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

await speak(new URLSearchParams(location.search).get("language"));

drawnBy(() => {
  const { tag, title } = words();
  document.documentElement.lang = tag;
  document.title = state.settings ? `${state.settings.user}: ${title}` : title;
  keepingFocus(() => render(page(state, words()), root));
});

addEventListener("popstate", () => state.key && state.about && arrive());
addEventListener("hashchange", () => {
  const key = keyInAddress();
  if (key !== null) beginWith(key);
});
addEventListener("keydown", (event) => event.key === "Escape" && darken());

change({ key: takeKey() });
begin();
