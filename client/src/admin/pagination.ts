import type { Page } from '../api/list.ts';

/** Yields every row of a list, page by page, starting with the page at `cursor`. */
export async function* readPages<T, Q extends { cursor?: string }>(
  list: (query: Q) => Promise<Page<T>>,
  query: Q,
): AsyncGenerator<T, void, undefined> {
  let page = await list(query);
  for (;;) {
    yield* page.data;
    if (page.next_cursor === null) return;
    page = await list({ ...query, cursor: page.next_cursor });
  }
}
