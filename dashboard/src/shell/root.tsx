import { Outlet } from '@tanstack/react-router';
import type { CSSProperties } from 'react';
import { Toaster } from 'sonner';
import { StepUpDialog } from '../components/step-up-dialog.tsx';
import { TooltipProvider } from '../components/ui/tooltip.tsx';
import { useIsDark } from './use-theme.ts';

/** Toasts in the style of the pages. Inline, because it must override sonner's style sheet. */
const TOAST_STYLE = {
  fontFamily: 'var(--font-sans)',
  '--normal-bg': 'var(--color-raised)',
  '--normal-border': 'var(--color-border)',
  '--normal-text': 'var(--color-foreground)',
} as CSSProperties;

/** Around every page: tooltips, toasts and the password dialog. */
export function Root() {
  const isDark = useIsDark();
  return (
    <TooltipProvider delayDuration={250}>
      <Outlet />
      <StepUpDialog />
      <Toaster
        theme={isDark ? 'dark' : 'light'}
        // Buttons that save are at the bottom of forms, dialogs and panels: a toast must not cover them.
        position="top-center"
        closeButton
        style={TOAST_STYLE}
        toastOptions={{
          classNames: {
            toast: 'shadow-pop!',
            closeButton: 'size-7! hover:bg-hover! after:absolute after:-inset-1.5',
          },
          // An open dialog disables pointer events elsewhere; a toast with an undo button must keep them.
          style: { pointerEvents: 'auto' },
        }}
      />
    </TooltipProvider>
  );
}
