import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Control } from '../../src/control/control.ts';
import { saveNames } from '../../src/ingestion/name-store.ts';
import type { NameRow } from '../../src/ingestion/name-tally.ts';
import { pruneIngestion } from '../../src/ingestion/prune.ts';
import { DAY_MS } from '../../src/lib/durations.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { initProject, makeClock, makeConfig } from '../support/harness.ts';

const clock = makeClock();

describe('storing names', () => {
  const rowOf = (sent_name: string, last_at: number, fields: Partial<NameRow> = {}): NameRow => ({
    ...{ project_id: 'proj_1', app_id: 'app_1', event_name: 'order', sent_name, is_automatic: 0 },
    ...{ count: 1, first_at: 1, last_at },
    ...fields,
  });
  const save = ({ db }: Pick<Control, 'db'>, rows: readonly NameRow[]) =>
    db.transaction().execute((tx) => saveNames(tx, rows));
  const everything = { projectId: 'proj_1', appIds: undefined };

  it('adds up several processes, and keeps what was flushed across restarts', async () => {
    const own = makeConfig();
    const [one, other] = [await openControlServices(own, clock), await openControlServices(own, clock)];
    const name = { appId: 'app_1', eventName: 'order', isAutomatic: false, count: 1 };
    const sentNames = ['Order', 'ORDER'].map((sentName) => ({ ...name, sentName }));
    const source = { projectId: 'proj_1', keyId: 'key_1', sdkId: 'posthog' } as const;
    for (const { ingestion } of [one, other, one])
      ingestion.countBatch({ ...source, rows: [], stored: [], rejected: [], sentNames });
    await Promise.all([one.ingestion.flush(), other.ingestion.flush()]);
    await Promise.all([one.close(), other.close()]);
    const restarted = await openControlServices(own, clock);
    const [collision] = await restarted.ingestion.listCollisions(everything);
    assert.deepEqual([collision?.events, collision?.nameCount], [6, 2]);
    await restarted.close();
  });

  it('keeps names that a failed flush could not write, and counts them once', async () => {
    const { control, ingestion, close } = await openControlServices(makeConfig(), clock);
    const name = { appId: 'app_1', eventName: 'order', isAutomatic: false, count: 1 };
    const sentNames = ['Order', 'ORDER'].map((sentName) => ({ ...name, sentName }));
    const source = { projectId: 'proj_1', keyId: 'key_1', sdkId: 'posthog' } as const;
    ingestion.countBatch({ ...source, rows: [], stored: [], rejected: [], sentNames });
    await control.db.schema.alterTable('event_names').renameTo('aside').execute();
    await assert.rejects(ingestion.flush());
    await control.db.schema.alterTable('aside').renameTo('event_names').execute();
    await ingestion.flush();
    await ingestion.flush();
    assert.equal((await ingestion.listCollisions(everything))[0]?.events, 2);
    await close();
  });

  it('keeps the 1,000 names of an app that were received last', async () => {
    const { control, close } = await openControlServices(makeConfig(), clock);
    const rows = Array.from({ length: 1_000 }, (_, index) => rowOf(`n${index}`, 10 + index));
    await save(control, [...rows, rowOf('n0', 5, { app_id: 'app_2' })]);
    const sentNames = async () =>
      (await control.db.selectFrom('event_names').select('sent_name').where('app_id', '=', 'app_1').execute())
        .map(({ sent_name }) => sent_name)
        .sort();
    assert.equal((await sentNames()).length, 1_000);
    await save(control, [rowOf('n0', 5_000), rowOf('one more', 5_000)]);
    const kept = await sentNames();
    assert.deepEqual([kept.length, kept.includes('n0'), kept.includes('n1')], [1_000, true, false]);
    assert.ok(kept.includes('one more'));
    const others = await control.db
      .selectFrom('event_names')
      .where('app_id', '=', 'app_2')
      .selectAll()
      .execute();
    assert.equal(others.length, 1);
    await close();
  });

  it('deletes names that collide with no other of the app before those that do', async () => {
    const { control, ingestion, close } = await openControlServices(makeConfig(), clock);
    const single = Array.from({ length: 998 }, (_, index) =>
      rowOf('N', 10, { event_name: `order_${index}` }),
    );
    await save(control, [rowOf('A', 5), rowOf('B', 5), ...single]);
    await save(control, [rowOf('N', 20, { event_name: 'one_more' })]);
    const [collision] = await ingestion.listCollisions(everything);
    assert.deepEqual([collision?.eventName, collision?.nameCount], ['order', 2]);
    const rows = await control.db.selectFrom('event_names').select('event_name').execute();
    const kept = new Set(rows.map(({ event_name }) => event_name));
    assert.deepEqual([rows.length, kept.has('one_more'), kept.has('order_996')], [1_000, true, true]);
    assert.ok(!kept.has('order_997'));
    await close();
  });

  it('writes more names than one write takes, and all of them', async () => {
    const { control, ingestion, close } = await openControlServices(makeConfig(), clock);
    const source = { projectId: 'proj_1', keyId: 'key_1', sdkId: 'posthog' } as const;
    const sentNames = Array.from({ length: 1_001 }, (_, index) => ({
      ...{
        appId: `app_${index % 2}`,
        eventName: 'order',
        sentName: `n${index}`,
        isAutomatic: false,
        count: 1,
      },
    }));
    ingestion.countBatch({ ...source, rows: [], stored: [], rejected: [], sentNames });
    await ingestion.flush();
    const rows = await control.db.selectFrom('event_names').select('count').execute();
    assert.equal(rows.length, 1_001);
    await close();
  });

  it('lists the 100 collisions of the most events, with the 20 most frequent names of each', async () => {
    const { control, ingestion, close } = await openControlServices(makeConfig(), clock);
    const numbers = Array.from({ length: 101 }, (_, index) => index);
    const pairs = numbers.flatMap((index) =>
      ['A', 'B'].map((name) => rowOf(name, 10, { event_name: `event_${index}`, count: index + 1 })),
    );
    const many = numbers.slice(0, 21).map((index) => rowOf(`n${index}`, 10, { count: 1_000 + index }));
    await save(control, [...pairs, ...many]);
    const collisions = await ingestion.listCollisions(everything);
    assert.equal(collisions.length, 100);
    assert.deepEqual(
      [collisions[0]?.nameCount, collisions[0]?.names.length, collisions[0]?.names[0]?.name],
      [21, 20, 'n20'],
    );
    assert.deepEqual([collisions[1]?.eventName, collisions.at(-1)?.eventName], ['event_100', 'event_2']);
    await close();
  });

  it('deletes names ninety days after they were last received', async () => {
    const { control, ingestion, close } = await openControlServices(makeConfig(), clock);
    await save(control, [rowOf('A', clock.now()), rowOf('B', clock.now())]);
    await pruneIngestion(control, clock.now() + 90 * DAY_MS);
    assert.equal((await ingestion.listCollisions(everything)).length, 1);
    await pruneIngestion(control, clock.now() + 90 * DAY_MS + 1);
    assert.deepEqual(await ingestion.listCollisions(everything), []);
    await close();
  });

  it('deletes names earlier in a project that retains events for fewer days', async () => {
    const config = makeConfig();
    const { project_id } = await initProject(config);
    const { control, ingestion, close } = await openControlServices(config, clock);
    const ofProject = { projectId: project_id, appIds: undefined };
    const now = clock.now();
    await save(control, [rowOf('A', now, { project_id }), rowOf('B', now, { project_id })]);
    await control.db
      .updateTable('projects')
      .set({ retention_days: 30 })
      .where('id', '=', project_id)
      .execute();
    await pruneIngestion(control, now + 30 * DAY_MS);
    assert.equal((await ingestion.listCollisions(ofProject)).length, 1);
    await pruneIngestion(control, now + 30 * DAY_MS + 1);
    assert.deepEqual(await ingestion.listCollisions(ofProject), []);
    await close();
  });
});
