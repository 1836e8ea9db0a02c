import { SETTINGS } from '../../src/config/settings.ts';

const NAMES: ReadonlySet<string> = new Set(SETTINGS.map(({ name }) => name));

/** Returns those variables that look like a setting of Appflow and are none. */
export const listUnknownSettings = (names: readonly string[]): string[] =>
  names.filter((name) => name.startsWith('APPFLOW_') && !NAMES.has(name));
