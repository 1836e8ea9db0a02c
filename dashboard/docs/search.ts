import MiniSearch, { type Options } from 'minisearch';

/** A section of a page, as search finds it. */
export type SearchEntry = { id: number; url: string; page: string; heading: string; text: string };

/** How entries are indexed: the same for the build, which writes the index, and the page, which reads it. */
export const SEARCH_OPTIONS: Options<SearchEntry> = {
  fields: ['heading', 'page', 'text'],
  storeFields: ['url', 'page', 'heading', 'text'],
  // Codes and paths are found by their parts too.
  tokenize: (text) => text.split(/[\s\-/.,:;()[\]{}"'`=|<>]+/u).filter((word) => word !== ''),
  searchOptions: {
    prefix: true,
    fuzzy: (term) => (term.length > 4 ? 0.2 : 0),
    combineWith: 'AND',
    boost: { heading: 4, page: 2 },
  },
};

/** Returns the index that the build wrote. */
export const readSearchIndex = (json: string): MiniSearch<SearchEntry> =>
  MiniSearch.loadJSON(json, SEARCH_OPTIONS);
