import { Search } from 'lucide-react';
import { paletteKeys, setPaletteOpen } from './palette-state.ts';

/** Opens the palette, and shows its keys. `onOpen` closes the sheet on phones. */
export function PaletteButton({ onOpen }: { onOpen?: () => void }) {
  const open = () => {
    onOpen?.();
    setPaletteOpen(true);
  };
  return (
    <button
      type="button"
      onClick={open}
      aria-keyshortcuts="Meta+K Control+K"
      className="flex h-8 w-full items-center gap-2.5 rounded-md px-2.5 font-medium text-note text-soft transition-colors hover:bg-hover hover:text-foreground [&_svg]:size-4"
    >
      <Search aria-hidden />
      Search
      <kbd className="ml-auto font-sans text-xs max-md:hidden">{paletteKeys(navigator.userAgent)}</kbd>
    </button>
  );
}
