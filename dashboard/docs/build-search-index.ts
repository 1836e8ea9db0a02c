import MiniSearch from 'minisearch';
import { toText } from './html.ts';
import { addressOf, type Page } from './layout.ts';
import { SEARCH_OPTIONS, type SearchEntry } from './search.ts';

/** Only this much of a section's text is kept to be shown. */
const EXCERPT_LENGTH = 160;

/** Returns the index of all sections of all pages, as JSON. */
export function buildSearchIndex(pages: readonly Page[]): string {
  const index = new MiniSearch<SearchEntry>({
    ...SEARCH_OPTIONS,
    extractField: (entry, field) => entry[field as keyof SearchEntry] as string,
  });
  index.addAll(pages.flatMap(listSections).map((section, id) => ({ id, ...section })));
  const json = JSON.parse(JSON.stringify(index));
  for (const stored of Object.values<{ text: string }>(json.storedFields))
    stored.text = stored.text.slice(0, EXCERPT_LENGTH);
  return JSON.stringify(json);
}

/** Where a section begins. The heading inside an operation begins none. */
const SECTION = /(?=<h[2-4] id="(?![^"]*-title")|<section class="operation" id=")/;
const NOT_TEXT =
  /<wbr>|<h[2-4][\s\S]*?<\/h[2-4]>|<figcaption>[\s\S]*?<\/figcaption>|<button[\s\S]*?<\/button>|<select[\s\S]*?<\/select>/g;

function listSections({ slug, title, html, headings }: Page): Omit<SearchEntry, 'id'>[] {
  const url = addressOf(slug);
  return html.split(SECTION).flatMap((part) => {
    const [, id] = /^<(?:h[2-4]|section class="operation") id="([^"]+)"/.exec(part) ?? [];
    const heading = headings.find((one) => one.id === id)?.text ?? title;
    const text = toText(part.replaceAll(NOT_TEXT, ''));
    if (id === undefined && text === '') return [];
    return [{ url: id === undefined ? url : `${url}#${id}`, page: title, heading, text }];
  });
}
