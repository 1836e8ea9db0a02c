import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { listBundledFiles } from '../../bundled-files.ts';

const DASHBOARD = join(import.meta.dirname, '../..');
const PACKAGE_IMPORT = /^import (?!type\b)[^;]*?from '(?!\.)([^']+)'/gms;

it('bundles only server modules that import no package and no Node module', () => {
  const modules = listBundledFiles().filter((file) => /^\.\..*\.ts$/.test(file));
  assert.ok(modules.length > 0);
  for (const file of modules) {
    const imports = readFileSync(join(DASHBOARD, file), 'utf8').matchAll(PACKAGE_IMPORT);
    assert.deepEqual(
      [...imports].map(([, name]) => name),
      [],
      file,
    );
  }
});
