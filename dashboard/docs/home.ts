import { escapeHtml } from './html.ts';
import { addressOf, type Page } from './layout.ts';

/** Returns the first page: what Appflow is, and a card for each section, with its pages. */
export function renderHome(pages: readonly Page[], about: string): string {
  const sections = [...Map.groupBy(pages, ({ section }) => section)].map(
    ([label, members]) =>
      `<section><h2>${escapeHtml(label)}</h2><ul class="pages">${members.map((page) => renderLink(page)).join('')}</ul></section>`,
  );
  return `<div class="hero"><h1>Appflow documentation</h1><p>${escapeHtml(about)}</p>
<p class="actions"><a class="primary" href="/docs/quick-start">Quick start</a><a href="/docs/api">API reference</a></p></div>
<div class="cards">${sections.join('')}</div>`;
}

const renderLink = ({ slug, label, summary }: Page) =>
  `<li><a href="${addressOf(slug)}"><strong>${escapeHtml(label)}</strong><span>${escapeHtml(toSentence(summary))}</span></a></li>`;

const toSentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
