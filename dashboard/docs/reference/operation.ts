import { copyButton, highlight, renderCode } from '../highlight.ts';
import { escapeHtml } from '../html.ts';
import { renderInline } from '../markdown.ts';
import { renderSamples, toRequest } from './code-samples.ts';
import { findAnswer, findBody, nameOf, type OpenApi, type Operation } from './openapi.ts';
import { renderMembers, renderParameters } from './schema.ts';

/** An answer as a server gave it to the example of its operation. */
export type RecordedAnswer = { status: number; type: string; body: string };

/** The recorded answers by the method and path of their operation. */
export type RecordedAnswers = Readonly<Record<string, RecordedAnswer>>;

/** Returns the section of an operation: what it takes and returns, with a request in each language and a real answer. */
export function renderOperation(operation: Operation, api: OpenApi, answers: RecordedAnswers): string {
  const { operationId, summary, description } = operation;
  const { schemas } = api.components;
  const parts = [
    ['Path parameters', renderParameters(at(operation, 'path'), schemas)],
    ['Query parameters', renderParameters(at(operation, 'query'), schemas)],
    ['Headers', renderParameters(at(operation, 'header'), schemas)],
    ['Body', renderMembers(findBody(operation)?.schema, schemas)],
    ['Response', renderMembers(findAnswer(operation).schema, schemas)],
  ] as const;
  const details = parts
    .filter(([, html]) => html !== '')
    .map(
      ([label, html]) =>
        `<details class="part" ${label === 'Response' ? '' : 'open'}><summary>${label}</summary>${html}</details>`,
    );
  return `<section class="operation" id="${operationId}" aria-labelledby="${operationId}-title">
<div class="about">
<h2 id="${operationId}-title">${escapeHtml(summary)}<a class="anchor" href="#${operationId}" aria-label="Link to this section">#</a></h2>
${renderAddress(operation)}
<p>${renderInline(description)}</p>
${renderNeeds(operation)}
${details.join('\n')}
${renderErrors(operation)}
</div>
<div class="samples">${renderRequest(operation)}${renderAnswer(answers[nameOf(operation)])}</div>
</section>`;
}

const at = ({ parameters }: Operation, place: string) => parameters.filter((one) => one.in === place);

/** Returns method and path. */
export const renderAddress = ({ method, path }: Operation): string =>
  `<p class="address"><span class="method ${method.toLowerCase()}">${method}</span> <code>${escapeHtml(path).replaceAll('/', '/<wbr>')}</code></p>`;

function renderNeeds(operation: Operation): string {
  const { 'x-appflow-scope': scope, 'x-appflow-limit': limit } = operation;
  if (scope === undefined) return '<p class="needs">No key required.</p>';
  const needs = scope === 'any_key' ? 'Any key' : `Scope <code>${scope}</code>`;
  return `<p class="needs">${needs} · rate limit <a href="/docs/rate-limits"><code>${limit}</code></a></p>`;
}

function renderErrors({ responses }: Operation): string {
  const rows = Object.entries(responses)
    .filter(([status]) => status >= '400')
    .map(([status, { description }]) => {
      const codes = [...description.matchAll(/`(\w+)`/g)].map(
        ([, code]) => `<a href="/docs/errors#${code}"><code>${code}</code></a>`,
      );
      return `<li><span class="status">${status}</span> ${codes.join(' ')}</li>`;
    });
  return `<details class="part"><summary>Errors</summary><ul class="errors">${rows.join('')}</ul></details>`;
}

function renderRequest(operation: Operation): string {
  const samples = renderSamples(toRequest(operation));
  const options = samples.map(({ id, label }) => `<option value="${id}">${label}</option>`).join('');
  const blocks = samples.map(
    ({ id, language, code }) =>
      `<pre tabindex="0" data-language="${id}"><code>${highlight(code, language)}</code></pre>`,
  );
  return `<figure class="code request"><figcaption>Request</figcaption><select class="language" aria-label="Language" hidden>${options}</select>${copyButton}${blocks.join('')}</figure>`;
}

function renderAnswer(answer: RecordedAnswer | undefined): string {
  if (!answer) return '';
  const { status, type, body } = answer;
  if (body === '')
    return `<figure class="code"><figcaption>Response: ${status}, without a body</figcaption></figure>`;
  const lines = body.trimEnd().split('\n');
  const shown = lines.length > LINES_MAX ? [...lines.slice(0, LINES_MAX), '…'] : lines;
  return renderCode(shown.join('\n'), /json/.test(type) ? 'json' : '', `Response: ${status}`);
}

/** Lists are longer. */
const LINES_MAX = 80;
