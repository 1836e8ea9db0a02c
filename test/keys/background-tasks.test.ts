import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it, mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CompiledQuery } from 'kysely';
import { startAuditHeadLog } from '../../src/audit/head.ts';
import { NO_CALLER } from '../../src/control/control.ts';
import { startRecordCleanup } from '../../src/idempotency/cleanup.ts';
import { startDisablingLeaked } from '../../src/leaks/disable-leaked.ts';
import { MINUTE_MS } from '../../src/lib/durations.ts';
import { openLog } from '../../src/lib/log.ts';
import { type ControlServices, openControlServices } from '../../src/server/open-services.ts';
import { cleanUp } from '../support/clean-up.ts';
import { initProject, makeClock, makeConfig } from '../support/harness.ts';

const TURNS_MAX = 200;

const config = makeConfig();
const clock = makeClock();
let services: ControlServices;
let keyId: string;

before(async () => {
  await initProject(config);
  mock.timers.enable({ apis: ['setInterval'] });
  services = await openControlServices(config, clock);
  const { id } = await services.control.db
    .selectFrom('api_keys')
    .select('id')
    .where('type', '=', 'server')
    .executeTakeFirstOrThrow();
  keyId = id;
});
cleanUp(async () => {
  mock.timers.reset();
  await services.close();
});

/** Returns whether the condition becomes true within some turns of the event loop, without any time passing. */
async function becomesTrue(isDone: () => Promise<boolean>): Promise<boolean> {
  for (let turn = 0; turn < TURNS_MAX; turn += 1) {
    if (await isDone()) return true;
    await nextTurn();
  }
  return false;
}

describe('background tasks', () => {
  it('writes the usage of a key within 15 seconds', async () => {
    const key = services.directory.findKey(keyId) ?? assert.fail();
    const [secret = assert.fail()] = key.secrets;
    services.usage.touch({ key, secret }, '203.0.113.9', {});
    const isWritten = async () => {
      const row = await services.control.db
        .selectFrom('key_usage')
        .select('request_count')
        .where('key_id', '=', keyId)
        .executeTakeFirst();
      return Number(row?.request_count) === 1;
    };
    assert.equal(await isWritten(), false);
    mock.timers.tick(15_000);
    assert.equal(await becomesTrue(isWritten), true);
  });

  it('deletes stored responses from the database and its files within a minute after 15 minutes', async () => {
    const { control } = services;
    const sealed = `sealed-${'answer'.repeat(100)}`;
    const call = { intent: 'intent', body_hash: 'hash', made_id: keyId, sealed_answer: sealed };
    await control.db
      .insertInto('idempotent_calls')
      .values({ ...call, created_at: clock.now() })
      .execute();
    const moveLogIntoFile = () =>
      control.db.executeQuery(CompiledQuery.raw('PRAGMA wal_checkpoint(TRUNCATE)'));
    const isInFiles = async () => {
      await moveLogIntoFile();
      const names = readdirSync(config.dataDir).filter((name) => name.startsWith('control.db'));
      return names.some((name) => readFileSync(join(config.dataDir, name)).includes(sealed.slice(0, 40)));
    };
    const isForgotten = async () => {
      const rows = await control.db.selectFrom('idempotent_calls').select('sealed_answer').execute();
      return rows.every(({ sealed_answer }) => sealed_answer === null);
    };
    const stop = startRecordCleanup(control, clock, services.log);
    clock.advance(15 * MINUTE_MS - 1);
    mock.timers.tick(MINUTE_MS);
    assert.equal(await becomesTrue(isForgotten), false, 'it can be had for 15 minutes');
    assert.equal(await isInFiles(), true, 'the files are those it is in');
    clock.advance(1);
    mock.timers.tick(MINUTE_MS);
    assert.equal(await becomesTrue(isForgotten), true);
    assert.equal(await isInFiles(), false, 'nothing of it lingers in a free page');
    await stop();
  });

  it('disables a leaked key within a minute of its time', async () => {
    const { control, directory } = services;
    const leak = { key_id: keyId, version: 1, disable_at: clock.now() + 1, done_at: null };
    await control.db.insertInto('leaked_secrets').values(leak).execute();
    const isDisabled = async () => directory.findKey(keyId)?.disabled === true;
    const stop = startDisablingLeaked(services);
    assert.equal(await becomesTrue(isDisabled), false, 'not before its time');
    clock.advance(1);
    mock.timers.tick(MINUTE_MS);
    assert.equal(await becomesTrue(isDisabled), true);
    await stop();
  });

  it('logs the current head of the audit log at startup and every hour', async () => {
    const lines: string[] = [];
    const log = openLog('info', (text) => text, { write: (line) => lines.push(line) });
    const stop = startAuditHeadLog({ ...services, log });
    const ends = () =>
      lines.filter((line) => line.includes('audit log head')).map((line) => JSON.parse(line).seq);
    const hasLogged = (count: number) => becomesTrue(async () => ends().length === count);
    assert.equal(await hasLogged(1), true);
    const actor = { type: 'cli', id: 'cli', ip: null, requestId: null } as const;
    const entry = { projectId: null, actor, action: 'project.updated', target: 'x' } as const;
    await services.control.write(NO_CALLER, ({ tx }) => services.audit.append(tx, entry));
    mock.timers.tick(60 * MINUTE_MS - 1);
    assert.equal(await hasLogged(2), false);
    mock.timers.tick(1);
    assert.equal(await hasLogged(2), true);
    const [first, second] = ends();
    assert.equal(second, first + 1);
    await stop();
  });
});
