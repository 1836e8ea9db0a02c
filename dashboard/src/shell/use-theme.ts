import { useSyncExternalStore } from 'react';
import { readTheme, type ThemeChoice, whenThemeChanges } from './theme.ts';

/** Returns the chosen theme and follows changes. */
export function useThemeChoice(): ThemeChoice {
  return useSyncExternalStore(whenThemeChanges, readTheme);
}

const isDarkNow = () => document.documentElement.classList.contains('dark');

/** Returns whether the page is dark: for what CSS cannot style. */
export function useIsDark(): boolean {
  return useSyncExternalStore(whenThemeChanges, isDarkNow);
}
