// Server-sent events, as fetch brings them.

/** Yields {name, data} for each event of the response, data from its JSON. */
export async function* eventsOf(response) {
  let rest = "";
  for await (const text of texts(response.body.getReader())) {
    const whole = (rest + text).replaceAll("\r\n", "\n").split("\n\n");
    rest = whole.pop();
    for (const block of whole) {
      const event = eventOf(block);
      if (event) yield event;
    }
  }
}

async function* texts(reader) {
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    reader.cancel().catch(() => {}); // it may have broken off: whoever reads knows
  }
}

function eventOf(block) {
  const fields = { event: "", data: "" };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 2);
  }
  return fields.data ? { name: fields.event, data: JSON.parse(fields.data) } : null; // else a sign of life
}
