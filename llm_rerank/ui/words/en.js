// English.

const count = (number, one, many) => `${number} ${number === 1 ? one : many}`;
const items = (number) => count(number, "item", "items");

const ORDERS = {
  llm: "The LLM's order, with retrieval's",
  retrieval: "This is retrieval's order, not the LLM's",
  popular: "This is what is popular, not an order for this person",
  request: "This is the order in which the items were named",
};
const CAUSES = {
  engine: "the model does not answer",
  deadline: "the deadline passed",
  overload: "there was no place at the model before the deadline",
  database: "the database does not answer, so the history ends where the shop was built",
};
const PROBLEMS = {
  unreachable: "The service cannot be reached.",
  broke_off: "The answer broke off before all of it was there.",
  no_valid_key: "The service does not know this key, or it was revoked.",
  no_scope: "This key may not do that.",
  rate_limited: "This key asks too often.",
};
const SAID = {
  like: "You like",
  dislike: "You do not like",
  have: "You have",
  hide: "You do not want to see",
  back: "You took back what you said of",
};

export const en = {
  tag: "en-GB",
  stop: ".",
  comma: ", ",
  title: "Rankings with reasons",
  lead: "What the LLM makes of one person's purchases, and why.",
  skip: "Skip to the list",
  language: "Language",

  key: "API key",
  keyWanted: "The service answers those who show a key.",
  keyHelp: "`make serve` prints an address that brings one. It stays in this tab.",
  keyUse: "Open",

  person: "Person",
  show: "Show",
  settings: "Settings",
  top_n: "Items",
  explained: "Reasons",
  instruction: "What the model is told",
  instructionHelp: "In place of the configured instruction; empty: that one.",
  deadline: "Deadline, milliseconds",
  drafts: "Raw text of the model too, not checked (needs a key of the scope admin)",
  apply: "Apply",

  views: "Views",
  list: "List",
  moves: "Before and after",
  table: "Table",

  loading: (user) => `Asking for a list for ${user} …`,
  ranked: (number, user) => `${items(number)} for ${user}.`,
  reasonsComing: "Reasons are being found.",
  empty: "Nothing to show: retrieval proposed nothing that is on sale.",
  noHistory: "Nothing is known of this person, so there is nothing a reason could cite.",
  again: "Try again",
  wait: (seconds) => `Ask again in ${count(Number(seconds), "second", "seconds")}.`,
  problems: PROBLEMS,

  degraded: ({ answered_by, reasons }, scored, of) => {
    const because = reasons.map((one) => CAUSES[one]).join(", and ");
    return `${ORDERS[answered_by]}${because ? `: ${because}` : ""}. The LLM scored ${scored} of ${items(of)}.`;
  },
  degradedTitle: "Not the whole answer.",
  serviceSays: "In the service's words:",
  brokeOff: "Not all reasons came.",
  otherSettings: (then, now) => `This link was made with ${then}; the service now has ${now}.`,
  noAdapter: "no adapter",

  origins: { own: "Your purchases", others: "People who bought", popular: "Popular now", new: "Something new" },
  notScored: "not scored by the LLM",
  climbed: (places) => `up ${places}`,
  fell: (places) => `down ${places}`,
  stayed: "same place",
  came: "new here",
  wasFrom: { retrieval: (rank) => `retrieval's place ${rank}`, before: (rank) => `${rank} before` },
  because: "Without these the LLM's score falls:",
  cites: (title, effect) => `${title}, ${effect}: to the purchase`,
  nothingFound: "No purchase that was tried raised the score.",
  waitingForReason: "Looking for what raised the score …",
  writing: "Checking a sentence …",
  bySource: { model: "the model's words, checked", template: "by rule" },
  rejected: "Why the model's own words are not shown",
  draft: "Raw text of the model, not checked",
  why: "For and against",
  feedback: { like: "Like", dislike: "Dislike", have: "Have it", hide: "Not this" },
  feedbackOn: (word, title) => `${word}: ${title}`,

  history: "Purchases",
  historyHelp: (most) => `The LLM reads the newest ${most}; retrieval reads further back.`,
  older: (number, most) => `Older: ${number}${number > most ? `, of which the newest ${most} are here` : ""}`,
  did: { purchase: "bought", view: "looked at", rating: "rated", search: "searched for" },
  times: (number) => (number === 1 ? "once" : number === 2 ? "twice" : `${number} times`),
  last: (on) => `last ${on}`,
  citedIn: ["Raised the score of", ""],
  backTo: (rank, title) => `Back to reason ${rank}: ${title}`,
  takeAway: "Take away",
  putBack: "Put back",
  takeAwayOf: (title) => `Take away: ${title}`,
  putBackOf: (title) => `Put back: ${title}`,
  taken: "taken away",
  added: "added",
  addPurchase: "Add a purchase",
  add: "Add",
  addOf: (title) => `Add: ${title}`,
  undo: "Undo",
  putAllBack: "Put all back",

  changed: "What changed",
  without: (number) => count(number, "purchase taken away", "purchases taken away"),
  withAdded: (number) => count(number, "purchase added", "purchases added"),
  said: ({ kind, title }) => `${SAID[kind]} “${title}”`,
  difference: ({ moved, came, gone }) => `${items(moved)} moved, ${came} came, ${gone} went.`,
  nothingChanged: "The list is the same.",
  gone: "Gone:",
  obeyed: "What you said, and what the list obeys",
  saidKind: { like: "liked", dislike: "disliked", have: "already have", hide: "not this" },
  takeBack: "Take back",
  takeBackOf: (title) => `Take back: ${title}`,

  compareWith: "Compare with",
  before: "the list before",
  retrieval: "retrieval's order",
  after: "This list",
  movedFilter: "Only what moved 5 places or more",
  noMoves: "Nothing moved by 5 places or more.",
  movesKey: "A line for each item: solid where it rose, dashed where it fell, dotted where it stayed. What came new has a short line.",
  allCandidates: (number) => `All ${number} candidates`,
  tableCaption: "The same list as a table",
  columns: {
    place: "Place", item: "Item", was: "Was", moved: "Moved", llm: "LLM, log-odds", score: "Final score", origin: "From",
  },

  whyNot: "Why not …?",
  whyNotHelp: "Words of a title; any item of the catalogue.",
  find: "Find",
  noneFound: "No title holds all these words.",
  found: (number) => `${items(number)} found.`,
  close: "Close",
  looking: "Leaving out one purchase after another …",
  stands: ({ rank, of, retrieved, hidden, retrieval_rank, available }) => {
    const further = retrieval_rank ? `Retrieval has it at place ${retrieval_rank}, too far down` : "Retrieval did not propose it";
    const outside = hidden ? "What was said of it keeps it from the list" : further;
    const proposed = retrieved ? `Retrieval proposed it, at place ${retrieval_rank}` : outside;
    const place = `${retrieved ? "it stands" : "it would stand"} at ${rank} of ${of}`;
    return `${proposed}; ${place}.${available ? "" : " It is not on sale."}`;
  },
  raised: (names) => ["Raised by ", names, "."],
  lowered: (names) => ["Lowered by ", names, "."],
  and: " and ",
  nothingMoved: "None of it moved the score.",
  llmHeading: "What moved the LLM's score",
  llmHelp: "Each purchase left out, and the item scored again: how far the log-odds of yes fall without it.",
  fusionHeading: "What the place in the list is made of",
  fusionHelp: {
    weights: "The final score is a weighted sum; these are its parts.",
    trees: "The final score is a learned fusion's; these are the SHAP values of what it looked at.",
  },
  base: (value) => `Everything begins at ${value}.`,
  parts: { retrieval: "retrieval", LLM: "the LLM", "the rest": "the rest" },

  receipt: "Receipt and export",
  receiptOf: (at) => `A receipt: this was answered on ${at}.`,
  askAnew: "Ask anew",
  made: { model: "Model", adapter: "Adapter", method: "Method", llm_weight: "LLM's weight", ranking_id: "Ranking", ms: "Milliseconds" },
  stages: { retrieve: "retrieval", score: "LLM", fuse: "fusion", explain: "reasons" },
  copyLink: "Copy link",
  saveJson: "Save as JSON",
  copyCurl: "Copy curl",
  copyPython: "Copy Python",
  copied: { link: "The link is copied.", curl: "The curl command is copied.", python: "The Python program is copied." },
  notCopied: "The browser does not let this page copy. This is the text:",
  keyStays: "None of them holds the key.",
  replay: "Score it again",
  openReceipt: "Open the receipt",
  same: (difference) => `The same: no score differs by more than ${difference}.`,
  differs: (difference) => `Not the same: scores differ by up to ${difference}.`,
  changedSince: (what) => `Not as it was: ${what}.`,
  notSold: (number) => `${items(number)} of it left the catalogue.`,
};
