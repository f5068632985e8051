// Begins.

import { begin } from "./beginning.js";
import { arrive } from "./going.js";
import { render } from "./html.js";
import { takeKey } from "./key.js";
import { darken } from "./lighting.js";
import { change, drawnBy } from "./store.js";
import { page } from "./views/page.js";
import { words } from "./words.js";

const root = document.getElementById("app");

drawnBy((state) => {
  const { tag, title } = words();
  document.documentElement.lang = tag;
  document.title = state.settings ? `${state.settings.user}: ${title}` : title;
  render(page(state, words()), root);
});

addEventListener("popstate", () => arrive());
addEventListener("keydown", (event) => event.key === "Escape" && darken());

change({ key: takeKey() });
begin();
