import assert from 'node:assert/strict';
import { statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CLI_REQUESTER } from '../../src/api/caller.ts';
import type { Config } from '../../src/config/config.ts';
import { findClockWarning } from '../../src/http/clock-warning.ts';
import { createKey } from '../../src/keys/create.ts';
import { CLI_GRANTOR } from '../../src/keys/escalation.ts';
import { verify } from '../../src/keys/verify/verify.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../src/lib/durations.ts';
import { createProject } from '../../src/projects/create.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { makeConfig, startTestServer } from '../support/harness.ts';

/** How far the system clock of the test is from the real one. */
let wrongByMs = 0;
const makeSystemClock = () => systemClock({ wallMs: () => Date.now() + wrongByMs });

const api = await startTestServer({}, { clock: makeSystemClock() });

async function readWarnings(): Promise<string[]> {
  const { status, warnings } = (await api.call('GET', '/readyz')).body;
  assert.equal(status, 'ok', 'everything works');
  return warnings;
}

async function readAheadSeconds(): Promise<number> {
  const { text } = await api.call('GET', '/metrics');
  return Number(/^appflow_clock_ahead_seconds (\S+)$/m.exec(text)?.[1]);
}

it('warns while the clock of a running server is ahead of the system clock, and says what to do', async () => {
  assert.deepEqual(await readWarnings(), []);
  wrongByMs = DAY_MS;
  await api.call('GET', '/v1/api-keys/self', { key: api.project.server_key });
  assert.deepEqual(await readWarnings(), [], 'a process cannot know which of two clocks is right');
  wrongByMs = 0;
  const [warning = '', ...others] = await readWarnings();
  assert.deepEqual(others, []);
  assert.match(warning, /clock is 24 hours ahead of the system clock.*was set back.*restart Appflow/);
  assert.ok(Math.abs((await readAheadSeconds()) - 86_400) < 60);
  wrongByMs = DAY_MS - 9 * SECOND_MS;
  assert.deepEqual(await readWarnings(), [], 'what a time service corrects needs no warning');
  wrongByMs = DAY_MS - 12 * SECOND_MS;
  assert.match((await readWarnings()).join(), /12 seconds ahead/);
});

describe('the clock of a process that starts', () => {
  const openAt = async (config: Config, offMs: number) => {
    wrongByMs = offMs;
    const services = await openControlServices(config, makeSystemClock());
    const { clock, clockState, close } = services;
    return { services, now: () => clock.now() - Date.now(), clockState, [Symbol.asyncDispose]: close };
  };
  /** Creates a key that expires in an hour. */
  async function createShortKey(config: Config) {
    await using first = await openAt(config, 0);
    const project = await createProject(first.services, 'Clock', CLI_REQUESTER);
    const expires_at = new Date(Date.now() + HOUR_MS).toISOString();
    const body = { name: 'Short', type: 'server', expires_at } as const;
    const { secret } = await createKey(first.services, project, body, CLI_GRANTOR);
    return secret;
  }

  it('is never behind the last entry of the audit log: an expired key stays expired', async () => {
    const config = makeConfig();
    const secret = await createShortKey(config);
    {
      await using later = await openAt(config, 2 * HOUR_MS);
      await createProject(later.services, 'Later', CLI_REQUESTER);
    }
    await using again = await openAt(config, 0);
    assert.ok(Math.abs(again.now() - 2 * HOUR_MS) < 5 * SECOND_MS);
    const { directory, pepper, clock } = again.services;
    const verdict = verify(secret, directory, pepper, clock.now());
    assert.equal(verdict.ok === false && verdict.refusal.code, 'api_key_expired');
    assert.match(
      findClockWarning(again.clockState) ?? '',
      /2 hours ahead of.*behind the last entry of the audit log \(\d{4}-.*Z\).*restart once with APPFLOW_CLOCK_FLOOR=off/,
    );
  });

  it('is never behind the last change of the control database', async () => {
    const config = makeConfig();
    await createShortKey(config);
    const file = join(config.dataDir, 'control.db');
    const { atime, mtimeMs } = statSync(file);
    utimesSync(file, atime, new Date(mtimeMs + HOUR_MS));
    await using again = await openAt(config, 0);
    assert.ok(Math.abs(again.now() - HOUR_MS) < 30 * SECOND_MS);
    assert.match(findClockWarning(again.clockState) ?? '', /behind the last change of the control database/);
  });

  it('follows the system clock again after one start without the floor', async () => {
    const config = makeConfig();
    await createShortKey(config);
    {
      await using ahead = await openAt(config, DAY_MS);
      await createProject(ahead.services, 'Ahead', CLI_REQUESTER);
    }
    {
      await using without = await openAt({ ...config, hasClockFloor: false }, 0);
      assert.ok(Math.abs(without.now()) < 5 * SECOND_MS);
      await createProject(without.services, 'Now', CLI_REQUESTER);
    }
    await using again = await openAt(config, 0);
    assert.ok(Math.abs(again.now()) < 5 * SECOND_MS);
    assert.equal(findClockWarning(again.clockState), undefined);
  });

  it('is the system clock on a new data folder, and when nothing stored is later', async () => {
    const config = makeConfig();
    for (const offMs of [0, HOUR_MS]) {
      await using opened = await openAt(config, offMs);
      assert.ok(Math.abs(opened.now() - offMs) < 5 * SECOND_MS);
      assert.equal(opened.clockState.floor, undefined);
    }
  });
});
