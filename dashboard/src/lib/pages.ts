/** A part of a list: its items, which page it is of how many (from 1), and how many items come before it. */
export type ListPage<Item> = { items: readonly Item[]; page: number; pages: number; skipped: number };

/** Returns one page of `items`; `wanted` is what the URL says, the nearest page there is when it says nonsense. */
export function pageOf<Item>(
  items: readonly Item[],
  wanted: string | undefined,
  size: number,
): ListPage<Item> {
  const pages = Math.max(1, Math.ceil(items.length / size));
  const page = Math.min(pages, Math.max(1, Math.trunc(Number(wanted)) || 1));
  const skipped = (page - 1) * size;
  return { items: items.slice(skipped, skipped + size), page, pages, skipped };
}
