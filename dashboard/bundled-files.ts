import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const here = import.meta.dirname;

/** Imports of values. Imports of types are erased. */
const IMPORT = /^import (?!type\b)[^;]*?from '(\.[^']+)'|\bimport\('(\.[^']+)'\)/gms;

/** Returns the files that go into the bundle, relative to `dashboard/`, including the server modules they import. */
export function listBundledFiles(): string[] {
  const found = new Set(globSync('src/**/*.{ts,tsx,js,css,svg}', { cwd: here }).filter(isBundled).toSorted());
  // Iterating a set includes what is added meanwhile.
  for (const file of found) for (const imported of listImports(file)) found.add(imported);
  return [...found];
}

const isBundled = (file: string) => !/\.test\.ts$/.test(file);

function listImports(file: string): string[] {
  if (!/\.tsx?$/.test(file)) return [];
  const imports = readFileSync(join(here, file), 'utf8').matchAll(IMPORT);
  return [...imports].map(([, named, lazy]) => relative(here, join(here, file, '..', named ?? lazy ?? '')));
}
