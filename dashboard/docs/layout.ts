import { escapeHtml } from './html.ts';
import type { Heading } from './markdown.ts';

/** A page in the order of the navigation. */
export type Page = {
  slug: string;
  /** In the navigation. */
  label: string;
  title: string;
  /** One sentence below the title and in cards. */
  summary: string;
  /** The group of the navigation. */
  section: string;
  html: string;
  headings: readonly Heading[];
  /** Of a page of the API reference, the navigation shows the headings. */
  isReference: boolean;
};

/** The files of the build that each page loads. */
export type Assets = { script: string; style: string; firstPaint: string; icon: string; searchIndex: string };

/** Returns the address of a page. */
export const addressOf = (slug: string): string => (slug === '' ? '/docs' : `/docs/${slug}`);

const SEARCH_ICON =
  '<svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 3.5 3.5"/></svg>';
const MENU_ICON = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M2 4h12M2 8h12M2 12h12"/></svg>';
const THEME_ICON =
  '<svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="5.5"/><path class="half" d="M8 2.5a5.5 5.5 0 0 1 0 11z"/></svg>';

/** Returns the whole HTML of a page. */
export function renderLayout(page: Page, pages: readonly Page[], assets: Assets): string {
  const title = page.slug === '' ? 'Appflow docs' : `${page.title} · Appflow docs`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
<script src="${assets.firstPaint}"></script>
<link rel="icon" type="image/svg+xml" href="${assets.icon}">
<link rel="stylesheet" href="${assets.style}">
<script type="module" src="${assets.script}"></script>
</head>
<body data-search-index="${assets.searchIndex}">
<a class="skip" href="#content">Skip to content</a>
<header class="bar">
<button type="button" class="icon menu" popovertarget="navigation" aria-label="Open navigation">${MENU_ICON}</button>
<a class="brand" href="/docs"><img src="${assets.icon}" alt="" width="24" height="24">Appflow <span>Docs</span></a>
<button type="button" class="find" aria-label="Search" hidden>${SEARCH_ICON}<span>Search</span><kbd>/</kbd></button>
<span class="links"><a href="/docs/api">API reference</a><a href="/">Dashboard</a></span>
<button type="button" class="icon theme" aria-label="Switch between light and dark" hidden>${THEME_ICON}</button>
</header>
<div class="frame${isWide(page) ? ' wide' : ''}">
<nav id="navigation" class="navigation" aria-label="Documentation" popover>${renderNavigation(page, pages)}<p class="narrow"><a href="/">Dashboard</a></p></nav>
<main id="content" tabindex="-1">
${page.slug === '' ? '' : `<header class="title"><p class="section">${escapeHtml(page.section)}</p><h1>${escapeHtml(page.title)}</h1></header>`}
<article class="prose">${page.html}</article>
${renderTurns(page, pages)}
</main>
${isWide(page) ? '' : renderContents(page)}
</div>
</body>
</html>
`;
}

/** Pages with columns of their own have no list of headings at the right. */
const isWide = ({ slug, isReference }: Page) => isReference || slug === '';

function renderNavigation(current: Page, pages: readonly Page[]): string {
  const groups = [
    ...Map.groupBy(
      pages.filter(({ slug }) => slug !== ''),
      ({ section }) => section,
    ),
  ];
  return groups
    .map(([label, members]) => {
      const items = members.map((page) => {
        const isCurrent = page.slug === current.slug;
        const inner =
          isCurrent && page.isReference && page.headings.length > 0 ? renderHeadings(page.headings) : '';
        return `<li><a href="${addressOf(page.slug)}"${isCurrent ? ' aria-current="page"' : ''}>${escapeHtml(page.label)}</a>${inner}</li>`;
      });
      return `<p>${escapeHtml(label)}</p><ul>${items.join('')}</ul>`;
    })
    .join('');
}

const renderHeadings = (headings: readonly Heading[]) =>
  `<ul>${headings.map(({ id, text, level }) => `<li class="level-${level}"><a href="#${id}">${escapeHtml(text)}</a></li>`).join('')}</ul>`;

function renderContents({ headings }: Page): string {
  const shown = headings.filter(({ level }) => level <= 3);
  if (shown.length < 2) return '<div class="contents"></div>';
  return `<nav class="contents" aria-label="On this page"><p>On this page</p>${renderHeadings(shown)}</nav>`;
}

/** Links to the page before and the page after. */
function renderTurns(page: Page, pages: readonly Page[]): string {
  const at = pages.findIndex(({ slug }) => slug === page.slug);
  if (at === -1) return '';
  const turn = (to: Page | undefined, label: string, rel: string) =>
    to === undefined || to.slug === ''
      ? '<span></span>'
      : `<a rel="${rel}" class="${rel}" href="${addressOf(to.slug)}"><span>${label}</span>${escapeHtml(to.label)}</a>`;
  return `<nav class="turns" aria-label="Pages before and after">${turn(pages[at - 1], 'Previous', 'prev')}${turn(pages[at + 1], 'Next', 'next')}</nav>`;
}
