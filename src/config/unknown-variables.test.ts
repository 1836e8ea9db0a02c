import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SETTINGS } from './settings.ts';
import { findUnknownVariables } from './unknown-variables.ts';

test('warns of a variable that is no setting, with the name that was probably meant', () => {
  for (const [name, meant] of [
    ['APPFLOW_DATADIR', 'APPFLOW_DATA_DIR'],
    ['APPFLOW_SECRETS', 'APPFLOW_SECRET'],
    ['APPFLOW_METRICS_TOKEN', 'METRICS_TOKEN'],
    ['APPFLOW_TRUSTED_PROXY', 'TRUSTED_PROXIES'],
    ['APPFLOW_PUBLICURL', 'APPFLOW_PUBLIC_URL'],
  ] as const) {
    const [warning = '', ...others] = findUnknownVariables({ [name]: 'x', PATH: '/bin' });
    assert.deepEqual(others, []);
    assert.equal(warning, `${name} is not a setting, so it is ignored. Did you mean ${meant}?`);
  }
});

test('suggests nothing when no setting has a similar name, and never quotes a value', () => {
  const [warning = ''] = findUnknownVariables({ APPFLOW_FAVORITE_COLOR: 'a secret value' });
  assert.equal(warning, 'APPFLOW_FAVORITE_COLOR is not a setting, so it is ignored.');
});

test('accepts every setting, what commands read, and what Kubernetes sets for a service called appflow', () => {
  const known = [
    ...SETTINGS.map(({ name }) => name),
    'APPFLOW_API_KEY',
    'APPFLOW_SERVICE_HOST',
    'APPFLOW_SERVICE_PORT',
    'APPFLOW_PORT',
    'APPFLOW_PORT_8080_TCP_ADDR',
    'NODE_APPFLOW_X',
  ];
  assert.deepEqual(findUnknownVariables(Object.fromEntries(known.map((name) => [name, 'x']))), []);
});
