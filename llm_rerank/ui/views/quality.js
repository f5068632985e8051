// How good the rankings were measured to be: figures with their doubt, the worst examples beside the best.

import { html, nothing, svg } from "../html.js";
import { loadQuality } from "../quality.js";
import { signed } from "../words.js";
import { notice, wrong } from "./notice.js";

const SURE = 0.05;

export function quality({ quality: found }, t) {
  if (!found) return html`<p class="waiting">${t.quality.loading}</p>`;
  const { runs, unreadable, problem } = found;
  if (problem) return wrong(problem, t, html`<button @click=${loadQuality}>${t.again}</button>`);
  return html`
    <h2>${t.quality.heading}</h2>
    <p>${t.quality.lead}</p>
    ${runs.length ? nothing : notice("about", t.quality.none)}
    ${unreadable.map(({ name, problem }) => notice("wrong", html`${name}: <span lang="en">${problem}</span>`))}
    ${runs.map((run) => shown(run, t))}
  `;
}

function shown(run, t) {
  const { name, title, metric, part, systems, examples, baseline } = run;
  const most = Math.max(...systems.map(({ figure }) => figure.high), Number.EPSILON);
  return html`<section class="run">
    <h3><span lang="en">${title}</span> <code>${name}</code></h3>
    <p>${t.quality.about(metric, t.quality.parts[part] ?? part, baseline)}</p>
    <div class="scrolled" tabindex="0" role="region" aria-label=${name}>
      <table>
        <thead>
          <tr>
            ${t.quality.columns.map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${systems.map((system) => row(system, run, most, t))}
        </tbody>
      </table>
    </div>
    ${run.goals.length ? html`<ul>${run.goals.map((goal) => html`<li>${goalOf(goal, t)}</li>`)}</ul>` : nothing}
    <details><summary>${t.quality.rules}</summary>${rules(run)}</details>
    ${examples ? html`<details><summary>${t.quality.examples}</summary>${both(examples, t)}</details>` : html`<p class="quiet">${t.quality.noExamples}</p>`}
  </section>`;
}

function row({ name, users, figure, gain }, { baseline }, most, t) {
  const at = (value) => (value / most) * 100;
  return html`<tr>
    <th scope="row">${name}</th>
    <td class="number">${interval(figure, fixed)}</td>
    <td>
      <svg class="interval" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        ${svg`<rect x=${at(figure.low)} y="3" width=${at(figure.high - figure.low)} height="4"></rect>
        <line x1=${at(figure.mean)} x2=${at(figure.mean)} y1="0" y2="10"></line>`}
      </svg>
    </td>
    <td class="number">${gain ? interval(gain, digits) : "–"}</td>
    <td>${gain ? verdict(gain, t) : name === baseline ? t.quality.baseline : "–"}</td>
    <td class="number">${users.toLocaleString(t.tag)}</td>
  </tr>`;
}

const fixed = (value) => value.toFixed(4);
const digits = (value) => signed(value, 4);
const interval = ({ mean, low, high }, as) => `${as(mean)} [${as(low)}, ${as(high)}]`;

/** What could be luck is said to be. */
function verdict({ mean, p_value }, t) {
  const { better, worse, luck } = t.quality.verdicts;
  return `${p_value >= SURE ? luck : mean > 0 ? better : worse} (p ${p_value < 0.001 ? "<" : "="} ${Math.max(p_value, 0.001).toFixed(3)})`;
}

function goalOf({ system, metric, at_least, at_most, source, measured }, t) {
  const wanted = at_most === null ? `≥ ${at_least}` : `${at_least} – ${at_most}`;
  return html`${t.quality.goal(system, metric, wanted, interval(measured, fixed))} <span lang="en">${source}</span>`;
}

function rules({ rules: said, command, device, date }) {
  return html`<ul lang="en">
    ${said.map((rule) => html`<li>${rule}</li>`)}
    <li><code>${command}</code>; ${device}; ${date}</li>
  </ul>`;
}

function both({ system, baseline, metric, best, worst }, t) {
  const column = (heading, found) => html`<div>
    <h4>${heading}</h4>
    ${found.length ? found.map((one) => example(one, system, baseline, metric, t)) : html`<p>${t.quality.nobody}</p>`}
  </div>`;
  return html`<div class="beside">${column(t.quality.best, best)} ${column(t.quality.worst, worst)}</div>`;
}

function example({ user_id, taken, before, after, list_before, list_after }, system, baseline, metric, t) {
  return html`<article>
    <h5>${user_id}: ${metric} ${fixed(before)} → ${fixed(after)}</h5>
    <p class="quiet">${t.quality.took} ${taken.join("; ")}</p>
    ${[
      [baseline, list_before],
      [system, list_after],
    ].map(([name, list]) => html`<p>${name}</p><ol>${list.map((place) => html`<li>${placeOf(place, t)}</li>`)}</ol>`)}
  </article>`;
}

const placeOf = ({ title, right }, t) => (right ? html`<b>${title}</b> ✓ <span class="unseen">${t.quality.right}</span>` : title);
