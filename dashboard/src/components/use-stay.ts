import { useBlocker } from '@tanstack/react-router';

/**
 * Keeps the person on the page while `isNeeded`: "back" and links do nothing but call `onTried`, and the browser asks
 * before the tab is closed or loaded anew.
 */
export function useStay(isNeeded: boolean, onTried: () => void = () => {}): void {
  const shouldBlockFn = () => {
    onTried();
    return true;
  };
  useBlocker({ shouldBlockFn, disabled: !isNeeded });
}
