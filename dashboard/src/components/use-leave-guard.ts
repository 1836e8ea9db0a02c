import { useBlocker } from '@tanstack/react-router';

/**
 * Keeps the person on the page while `isActive`: "back" and links only call `onAttempt`, and the browser asks before the
 * tab is closed or reloaded.
 */
export function useLeaveGuard(isActive: boolean, onAttempt: () => void = () => {}): void {
  const shouldBlockFn = () => {
    onAttempt();
    return true;
  };
  useBlocker({ shouldBlockFn, disabled: !isActive });
}
