// For and against one item: in words first, in bars second.

import { go } from "../going.js";
import { html, nothing, svg } from "../html.js";
import { signed } from "../words.js";
import { missing } from "./degradation.js";
import { wrong } from "./notice.js";

const NAMED = 2;
const TELLING = 0.005; // what rounds to nothing is not said to be something

export function effects({ effects: known, settings }, t) {
  const { found, problem } = known ?? {};
  return html`<section class="effects" aria-label=${t.why}>
    <button class="plain close" data-name="close" data-then="why ${settings.item}" @click=${() => go({ item: "" })}>✕ ${t.close}</button>
    ${problem ? wrong(problem, t) : found ? both(found, t) : html`<p class="coming">${t.looking}</p>`}
  </section>`;
}

function both(found, t) {
  const { history, fusion, title, degraded, llm_score } = found;
  return html`
    <h3>${title}</h3>
    <p>${t.stands(found)}</p>
    ${degraded ? missing(degraded, Number(llm_score !== null), 1, t) : nothing}
    ${history.length || !degraded ? llm(history, t) : nothing}
    <h4>${t.fusionHeading}</h4>
    <p>${inWords(fusion.parts, ({ name }) => nameOf(name, t), t)}</p>
    <p class="quiet">${t.fusionHelp[fusion.kind]} ${fusion.base === null ? "" : t.base(fusion.base.toFixed(3))}</p>
    ${bars(fusion.parts, (part) => withValue(part, t), t)}
  `;
}

function llm(history, t) {
  return html`
    <h4>${t.llmHeading}</h4>
    <p>${inWords(history, (one) => one.title, t)}</p>
    <p class="quiet">${t.llmHelp}</p>
    ${bars(history, (one) => one.title, t)}
  `;
}

/** Features of a learned fusion are called what they are called there, in English. */
const nameOf = (name, t) => t.parts[name] ?? html`<span lang="en">${name}</span>`;

function withValue({ name, value }, t) {
  return value === null ? nameOf(name, t) : html`${nameOf(name, t)} = ${Number(value.toFixed(3))}`;
}

function inWords(parts, name, t) {
  const strongest = (sign) =>
    parts
      .filter(({ effect }) => sign * effect >= TELLING)
      .toSorted((a, b) => sign * (b.effect - a.effect))
      .slice(0, NAMED)
      .map((one, place) => html`${place ? t.and : ""}${name(one)} (${signed(one.effect)})`);
  const [raised, lowered] = [strongest(1), strongest(-1)];
  if (!raised.length && !lowered.length) return t.nothingMoved;
  return [raised.length ? t.raised(raised) : "", " ", lowered.length ? t.lowered(lowered) : ""];
}

function bars(parts, name, t) {
  const most = Math.max(...parts.map(({ effect }) => Math.abs(effect)), Number.EPSILON);
  return html`<ul class="bars">
    ${parts.map(
      (one) => html`<li>
        <span class="name">${name(one)}</span>
        <svg viewBox="-100 0 200 10" preserveAspectRatio="none" aria-hidden="true">${bar((one.effect / most) * 100)}</svg>
        <span class="number">${signed(one.effect)}</span>
      </li>`,
    )}
  </ul>`;
}

function bar(length) {
  const how = length < 0 ? "down" : "up";
  return svg`<line x1="0" x2="0" y1="0" y2="10"></line><rect class=${how} x=${Math.min(0, length)} y="2" width=${Math.abs(length)} height="6"></rect>`;
}
