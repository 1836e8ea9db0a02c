/** One page of a list: its items, its number (from 1) of `pages`, and how many items come before it. */
export type ListPage<Item> = { items: readonly Item[]; page: number; pages: number; skipped: number };

/** Returns one page of `items`. `requested` comes from the URL; if it is invalid, the nearest page is returned. */
export function paginate<Item>(
  items: readonly Item[],
  requested: string | undefined,
  size: number,
): ListPage<Item> {
  const pages = Math.max(1, Math.ceil(items.length / size));
  const page = Math.min(pages, Math.max(1, Math.trunc(Number(requested)) || 1));
  const skipped = (page - 1) * size;
  return { items: items.slice(skipped, skipped + size), page, pages, skipped };
}
