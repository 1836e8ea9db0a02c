import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { parseLimitSwitches } from '../limits/policies.ts';
import { readConfig } from './config.ts';
import { SETTINGS, type Setting } from './settings.ts';

const source = readFileSync(new URL('config.ts', import.meta.url), 'utf8');
const LIMIT = /^APPFLOW_LIMIT_/;

it('documents every variable that the configuration reads, and no other', () => {
  const read = new Set(
    [...source.matchAll(/(?:env\.|(?:read|choose)\(')([A-Z][A-Z_]+)/g)].map(([, name]) => name),
  );
  // Only the CLI reads it.
  read.delete('APPFLOW_API_KEY');
  const documented = SETTINGS.map(({ name }) => name).filter((name) => !LIMIT.test(name));
  assert.deepEqual([...read].sort(), documented.sort());
});

it('documents every limit that can be set, and no other', () => {
  const [mistake = ''] = parseLimitSwitches({ APPFLOW_LIMIT_NONSENSE: 'off' }).mistakes;
  const known = mistake.match(/APPFLOW_LIMIT_[A-Z_]+/g)?.slice(1) ?? [];
  const documented = SETTINGS.map(({ name }) => name).filter((name) => LIMIT.test(name));
  assert.deepEqual(documented.sort(), known.sort());
});

it('applies the default of each variable when it is unset or empty', () => {
  const unset = readConfig({});
  for (const { name, default: value } of SETTINGS) {
    assert.deepEqual(readConfig({ [name]: '' }), unset, name);
    if (value !== '') assert.deepEqual(readConfig({ [name]: value }), unset, name);
  }
});

it('documents the default of each limit as its variable takes it', () => {
  const settings: readonly Setting[] = SETTINGS;
  for (const { name, whenUnset } of settings) {
    const [value = ''] = (whenUnset ?? '').split(' (');
    if (!LIMIT.test(name) || value === 'per key type') continue;
    assert.deepEqual(parseLimitSwitches({ [name]: value }).mistakes, [], name);
  }
});
