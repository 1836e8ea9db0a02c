import { escapeHtml } from '../html.ts';
import { renderInline } from '../markdown.ts';
import { listOperations, listTags, type OpenApi, type Operation, slugOfTag } from './openapi.ts';
import { type RecordedAnswers, renderAddress, renderOperation } from './operation.ts';

/** A page of the reference, and its operations for navigation and search. */
export type ReferencePage = { slug: string; title: string; html: string; operations: readonly Operation[] };

/** Returns the overview of the API, followed by a page for each tag. */
export function renderReference(api: OpenApi, answers: RecordedAnswers): ReferencePage[] {
  const tags = listTags(api).map(({ name, description }) => {
    const operations = listOperations(api, name);
    const sections = operations.map((operation) => renderOperation(operation, api, answers));
    const html = `<p class="lead">${escapeHtml(description)}</p>${sections.join('')}`;
    return { slug: slugOfTag(name), title: name, html, operations };
  });
  return [{ slug: 'api', title: 'API reference', html: renderOverview(api), operations: [] }, ...tags];
}

function renderOverview(api: OpenApi): string {
  const paragraphs = api.info.description.split('\n\n').map((text) => `<p>${renderInline(text)}</p>`);
  const groups = listTags(api).map(
    ({ name, description }) =>
      `<h2 id="${slugOfTag(name).slice(4)}"><a href="/docs/${slugOfTag(name)}">${name}</a></h2><p>${escapeHtml(description)}</p><ul class="operations">${listOperations(
        api,
        name,
      )
        .map((operation) => renderRow(operation))
        .join('')}</ul>`,
  );
  const links = `<p>Read <a href="/docs/authentication">authentication</a>, <a href="/docs/errors">errors</a> and <a href="/docs/rate-limits">rate limits</a>
first. <a href="/openapi.json">/openapi.json</a> describes the same for client generators and API explorers.</p>`;
  return `${paragraphs.join('')}${links}${groups.join('')}`;
}

const renderRow = (operation: Operation) =>
  `<li><a href="/docs/${slugOfTag(operation.tags[0] ?? '')}#${operation.operationId}">${renderAddress(operation)}<span>${escapeHtml(operation.summary)}</span></a></li>`;
