import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { listSourceFiles } from './docs/table-of-contents.ts';

const here = import.meta.dirname;

/** Imports of values. Imports of types are erased. */
const IMPORT = /^import (?!type\b)[^;]*?from '(\.[^']+)'|\bimport\('(\.[^']+)'\)/gms;

/** Returns the files that go into the build, relative to `dashboard/`: the server modules and the pages of the docs included. */
export function listBundledFiles(): string[] {
  const found = new Set(
    globSync('{src,docs}/**/*.{ts,tsx,js,css,svg}', { cwd: here }).filter(isBundled).toSorted(),
  );
  // Iterating a set includes what is added meanwhile.
  for (const file of found) for (const imported of listImports(file)) found.add(imported);
  return [...found, ...listSourceFiles().map((file) => join('..', file))];
}

const isBundled = (file: string) => !/\.test\.ts$/.test(file);

function listImports(file: string): string[] {
  if (!/\.tsx?$/.test(file)) return [];
  const imports = readFileSync(join(here, file), 'utf8').matchAll(IMPORT);
  return [...imports].map(([, named, lazy]) => relative(here, join(here, file, '..', named ?? lazy ?? '')));
}
