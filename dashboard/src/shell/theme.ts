import { useSyncExternalStore } from 'react';

export type ThemeChoice = 'light' | 'dark' | 'system';

const STORED_AS = 'appflow-theme';
const systemIsDark = () => matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

/** Returns what the person chose; `system` when nothing. */
export function readTheme(): ThemeChoice {
  const stored = localStorage.getItem(STORED_AS);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

function apply(): void {
  const choice = readTheme();
  const isDark = choice === 'system' ? systemIsDark().matches : choice === 'dark';
  const { classList } = document.documentElement;
  // The ground changes at once: text that faded from one theme to the other would be unreadable upon it for a while.
  classList.add('without-transitions');
  classList.toggle('dark', isDark);
  // Asked for, the new colours are settled before transitions are back.
  void getComputedStyle(document.documentElement).color;
  classList.remove('without-transitions');
  for (const listener of listeners) listener();
}

/** Keeps the choice in this browser and shows it at once. */
export function chooseTheme(choice: ThemeChoice): void {
  if (choice === 'system') localStorage.removeItem(STORED_AS);
  else localStorage.setItem(STORED_AS, choice);
  apply();
}

/** Follows the system while the person has not chosen, and the choice made in another tab. */
export function followSystemTheme(): void {
  systemIsDark().addEventListener('change', apply);
  window.addEventListener('storage', apply);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Returns the choice, kept up to date. */
export function useThemeChoice(): ThemeChoice {
  return useSyncExternalStore(subscribe, readTheme);
}

const isDarkNow = () => document.documentElement.classList.contains('dark');

/** Returns whether the page is dark now: for what CSS cannot colour. */
export function useIsDark(): boolean {
  return useSyncExternalStore(subscribe, isDarkNow);
}
