import { escapeHtml } from './html.ts';
import { addressOf, type Page } from './layout.ts';

/** Returns the first page: what Appflow is, and a card for each page. */
export function renderHome(pages: readonly Page[], about: string): string {
  const sections = [...Map.groupBy(pages, ({ section }) => section)].map(
    ([label, members]) =>
      `<h2>${escapeHtml(label)}</h2><ul class="cards">${members.map((page) => renderCard(page)).join('')}</ul>`,
  );
  return `<div class="hero"><h1>Appflow documentation</h1><p>${escapeHtml(about)}</p>
<p class="actions"><a class="primary" href="/docs/quick-start">Quick start</a><a href="/docs/api">API reference</a></p></div>
${sections.join('')}`;
}

const renderCard = ({ slug, label, summary }: Page) =>
  `<li><a href="${addressOf(slug)}"><strong>${escapeHtml(label)}</strong><span>${escapeHtml(toSentence(summary))}</span></a></li>`;

const toSentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
