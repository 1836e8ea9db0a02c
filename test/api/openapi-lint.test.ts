import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import spectralCore, { type RulesetDefinition } from '@stoplight/spectral-core';
import rulesets from '@stoplight/spectral-rulesets';
import { startTestServer } from '../support/harness.ts';

// The linters run as libraries: offline, and without the telemetry of their command lines.

const api = await startTestServer();
const { text } = await api.call('GET', '/openapi.json');

async function lintWithRedocly(source: string): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended'] });
  const problems = await lintFromString({ source, config });
  return problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`);
}

async function lintWithSpectral(source: string): Promise<string[]> {
  const spectral = new spectralCore.Spectral();
  spectral.setRuleset({ extends: [rulesets.oas as RulesetDefinition] });
  const results = await spectral.run(source);
  return results.map(({ code, message, path }) => `${code}: ${message} ${path.join('.')}`);
}

/** Returns the served document with a change. */
function changed(change: (document: Record<string, never>) => void): string {
  const document = JSON.parse(text);
  change(document);
  return JSON.stringify(document);
}

describe('GET /openapi.json', () => {
  it('passes the recommended rules of Redocly without errors or warnings', async () =>
    assert.deepEqual(await lintWithRedocly(text), []));

  it('passes the OpenAPI rules of Spectral without errors or warnings', async () =>
    assert.deepEqual(await lintWithSpectral(text), []));
});

describe('the linters', () => {
  const withoutServers = changed((document) => Reflect.deleteProperty(document, 'servers'));

  it('report a mistake: the document is not simply ignored', async () => {
    assert.match((await lintWithRedocly(withoutServers)).join(), /no-empty-servers/);
    assert.match((await lintWithSpectral(withoutServers)).join(), /oas3-api-servers/);
  });
});
