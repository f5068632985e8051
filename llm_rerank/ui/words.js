// What the page says, in the language of the view.

import { state } from "./store.js";
import { en } from "./words/en.js";
import { zh } from "./words/zh.js";

const LANGUAGES = { en, zh };

/** The wording of the view's language. */
export function words() {
  return LANGUAGES[state.settings?.language] ?? LANGUAGES[navigator.language.slice(0, 2)] ?? en;
}

/** A number with so many digits behind the point, and its sign. */
export function signed(value, digits = 2) {
  const whole = value.toFixed(digits);
  const sign = Number(whole) > 0 ? "+" : Number(whole) < 0 ? "−" : "";
  return sign + whole.replace("-", "");
}

/** A day as the log has it: reasons name the same one. */
export function day(moment) {
  const [year, month, date] = moment.slice(0, 10).split("-").map(Number);
  const shown = new Intl.DateTimeFormat(words().tag, { dateStyle: "medium", timeZone: "UTC" });
  return shown.format(new Date(Date.UTC(year, month - 1, date)));
}

/** A moment, to the second. */
export function moment(at) {
  return new Intl.DateTimeFormat(words().tag, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(at));
}
