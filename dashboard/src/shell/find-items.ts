import type { ReactNode } from 'react';

/** The groups of the palette, in display order. Users last: anything typed may be a user's ID. */
export const PALETTE_GROUPS = ['Pages', 'Apps', 'API keys', 'Actions', 'Users'] as const;

/** Something to open or do. `keywords` are found, but not shown. */
export type PaletteItem = {
  id: string;
  group: (typeof PALETTE_GROUPS)[number];
  name: string;
  keywords?: string;
  icon: ReactNode;
  aside?: string;
  run: () => void;
};

const PER_GROUP_MAX = 8;

/** Returns the items with all words of the text, grouped: every page, and at most eight of each other group. */
export function findItems(items: readonly PaletteItem[], text: string): PaletteItem[] {
  const words = text.toLowerCase().split(/\s+/);
  const matches = ({ name, keywords = '' }: PaletteItem) => {
    const known = `${name} ${keywords}`.toLowerCase();
    return words.every((word) => known.includes(word));
  };
  return PALETTE_GROUPS.flatMap((group) =>
    items
      .filter((item) => item.group === group && matches(item))
      .slice(0, group === 'Pages' ? undefined : PER_GROUP_MAX),
  );
}
