// Settings of a view, from the address and back: a view is a link.

const VIEWS = ["list", "moves", "table", "quality"];

/** What the query says, with the service's own values where it says nothing, or nonsense. */
export function settingsOf(query, about) {
  const said = new URLSearchParams(query);
  const number = (name, least, otherwise) => {
    const value = Number(said.get(name) ?? NaN);
    return Number.isFinite(value) && value >= least ? value : otherwise;
  };
  const spoken = navigator.language.slice(0, 2);
  const one = (name, all, otherwise) => (all.includes(said.get(name)) ? said.get(name) : otherwise);
  return {
    user: said.get("user") || about.user,
    top_n: Math.floor(number("top_n", 1, about.top_n)),
    explained: Math.floor(number("explained", 0, about.explained)),
    language: one("language", about.languages, about.languages.includes(spoken) ? spoken : about.languages[0]),
    instruction: said.get("instruction") ?? "",
    deadline_ms: number("deadline_ms", 1, null),
    without: said.getAll("without"),
    added: said.getAll("added"),
    view: one("view", VIEWS, "list"),
    moved: number("moved", 1, 0),
    from: one("from", ["retrieval"], ""),
    item: said.get("item") ?? "",
    drafts: said.get("drafts") === "1",
    ranking: said.get("ranking") ?? "",
    method: said.get("method"), // null where a link does not say with which it was made
    adapter: said.get("adapter"),
  };
}

/** The query that says so. */
export function queryOf(settings) {
  const said = new URLSearchParams({ user: settings.user, top_n: settings.top_n, explained: settings.explained });
  said.set("language", settings.language);
  for (const name of ["instruction", "deadline_ms", "moved", "from", "item", "ranking"]) {
    if (settings[name]) said.set(name, settings[name]);
  }
  if (settings.view !== "list") said.set("view", settings.view);
  if (settings.drafts) said.set("drafts", "1");
  for (const name of ["method", "adapter"]) if (settings[name] !== null) said.set(name, settings[name]);
  for (const name of ["without", "added"]) for (const id of settings[name]) said.append(name, id);
  return `?${said}`;
}

/** The same view for somebody else: it says, too, with which method and adapter it was seen. */
export function linkOf(settings, about) {
  const seen = { ...settings, method: about.method, adapter: about.adapter ?? "" };
  return location.origin + location.pathname + queryOf(seen);
}

/** What of it the service is asked: the body of a request. */
export function asked({ user, top_n, explained, language, instruction, deadline_ms, without, added }) {
  const body = { user_id: user, top_n, explained, language };
  if (instruction) body.instruction = instruction;
  if (deadline_ms) body.deadline_ms = deadline_ms;
  if (without.length) body.without = without;
  if (added.length) body.added = added;
  return body;
}
