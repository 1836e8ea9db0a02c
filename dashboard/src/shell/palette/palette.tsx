import { lazy, Suspense, useEffect } from 'react';
import { isPaletteKey, setPaletteOpen, usePaletteOpen } from './palette-state.ts';

/** Loaded when it is first opened: most visits need only the page. */
const PaletteDialog = lazy(async () => ({ default: (await import('./palette-dialog.tsx')).PaletteDialog }));

/** The palette: finds pages, apps, keys and actions by typing. ⌘K or Ctrl+K opens it on every page of a project. */
export function Palette() {
  const isOpen = usePaletteOpen();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (!isPaletteKey(event)) return;
      // A dialog that is open has the focus, and may be half filled in.
      if (document.querySelector('[role=dialog]')) return;
      event.preventDefault();
      setPaletteOpen(true);
    };
    window.addEventListener('keydown', onKeyDown);
    return () => {
      window.removeEventListener('keydown', onKeyDown);
      setPaletteOpen(false);
    };
  }, []);
  if (!isOpen) return null;
  return (
    <Suspense>
      <PaletteDialog onClose={() => setPaletteOpen(false)} />
    </Suspense>
  );
}
