export type ThemeChoice = 'light' | 'dark' | 'system';

const STORAGE_KEY = 'appflow-theme';
const systemIsDark = () => matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

/** Returns the chosen theme; `system` by default. */
export function readTheme(): ThemeChoice {
  const stored = localStorage.getItem(STORAGE_KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

function apply(): void {
  const choice = readTheme();
  const isDark = choice === 'system' ? systemIsDark().matches : choice === 'dark';
  const { classList } = document.documentElement;
  // The background changes immediately: text that fades between themes would be unreadable on it for a moment.
  classList.add('without-transitions');
  classList.toggle('dark', isDark);
  // Reading a computed style applies the new colors before transitions return.
  void getComputedStyle(document.documentElement).color;
  classList.remove('without-transitions');
  for (const listener of listeners) listener();
}

/** Stores the choice in this browser and applies it. */
export function chooseTheme(choice: ThemeChoice): void {
  if (choice === 'system') localStorage.removeItem(STORAGE_KEY);
  else localStorage.setItem(STORAGE_KEY, choice);
  apply();
}

/** Follows the system theme unless one is chosen, and choices made in other tabs. */
export function followSystemTheme(): void {
  systemIsDark().addEventListener('change', apply);
  window.addEventListener('storage', apply);
}

/** Calls `listener` after each change. Returns how to stop that. */
export function whenThemeChanges(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
