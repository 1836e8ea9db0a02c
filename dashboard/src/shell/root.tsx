import { Outlet } from '@tanstack/react-router';
import { Toaster } from 'sonner';
import { StepUpDialog } from '../components/step-up-dialog.tsx';
import { TooltipProvider } from '../components/ui/tooltip.tsx';
import { useIsDark } from '../lib/theme.ts';

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
        // An open dialog takes the pointer away from all else; a message with an undo must keep it.
        toastOptions={{ style: { fontFamily: 'inherit', pointerEvents: 'auto' } }}
      />
    </TooltipProvider>
  );
}
