import { Outlet } from '@tanstack/react-router';
import type { CSSProperties } from 'react';
import { Toaster } from 'sonner';
import { StepUpDialog } from '../components/step-up-dialog.tsx';
import { TooltipProvider } from '../components/ui/tooltip.tsx';
import { useIsDark } from './theme.ts';

/** Messages in the looks of the pages: on the element itself, where it outweighs the sheet that sonner adds. */
const MESSAGES = {
  fontFamily: 'var(--font-sans)',
  '--normal-bg': 'var(--color-raised)',
  '--normal-border': 'var(--color-border)',
  '--normal-text': 'var(--color-foreground)',
} as CSSProperties;

/** What every page stands in: tooltips, messages, and the question for the password. */
export function Root() {
  const isDark = useIsDark();
  return (
    <TooltipProvider delayDuration={250}>
      <Outlet />
      <StepUpDialog />
      <Toaster
        theme={isDark ? 'dark' : 'light'}
        position="bottom-right"
        closeButton
        style={MESSAGES}
        toastOptions={{
          classNames: {
            toast: 'shadow-pop!',
            closeButton: 'size-7! hover:bg-hover! after:absolute after:-inset-1.5',
          },
          // An open dialog takes the pointer away from all else; a message with an undo must keep it.
          style: { pointerEvents: 'auto' },
        }}
      />
    </TooltipProvider>
  );
}
