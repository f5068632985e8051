// What the page says, in the language of the view.

import { state } from "./store.js";

const LANGUAGES = ["en", "zh"];
const known = {};
let spoken = null;

/** The wording of the view's language. */
export function words() {
  return known[state.settings?.language] ?? spoken;
}

/** Learns a language; of none the browser's, or English. Nobody loads one that they do not read; where it does not
 *  come, another that is known is spoken on. */
export async function speak(language) {
  const name = [language, navigator.language.slice(0, 2)].find((one) => LANGUAGES.includes(one)) ?? "en";
  try {
    known[name] ??= (await import(`./words/${name}.js`)).default;
  } catch (problem) {
    if (!spoken) throw problem;
  }
  spoken = known[name] ?? spoken;
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
