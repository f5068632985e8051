// The view as something to take along: JSON, a curl command, a Python program.

/** The answer as a file of this name. */
export function download(name, value) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(value, null, 2)], { type: "application/json" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url));
}

/** A command that sends this body, with the key from the environment. */
export function curlOf(asked) {
  const body = JSON.stringify(asked).replaceAll("'", "'\\''");
  return [
    `curl -s ${location.origin}/v1/recommend \\`,
    `    -H "Authorization: Bearer $LLM_RERANK_API_KEY" -H "Content-Type: application/json" \\`,
    `    -d '${body}'`,
  ].join("\n");
}

/** The same with the client of the package. */
export function pythonOf({ user_id, ...others }) {
  const given = Object.entries(others).map(([name, value]) => `, ${name}=${JSON.stringify(value)}`);
  return [
    "from llm_rerank.client import Client",
    "",
    `with Client("${location.origin}") as client:  # the key: LLM_RERANK_API_KEY in the environment`,
    `    ranking = client.recommend(${JSON.stringify(user_id)}${given.join("")})`,
    "for item in ranking.items:",
    '    print(f"{item.rank}. {item.title}")',
  ].join("\n");
}
