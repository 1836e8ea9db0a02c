import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startFront } from '../../test/support/clickhouse-front.ts';
import { eventRow } from '../../test/support/warehouse-store.ts';
import { systemClock } from '../lib/clock.ts';
import { StorageError } from '../lib/errors.ts';
import { openLog } from '../lib/log.ts';
import { createBlockStore } from './block-store.ts';
import { openGateway } from './engine/gateway.ts';
import { type EventServer, serverEngine } from './engine/store-engine.ts';
import { encodeBlock } from './logged-block.ts';
import { openWarehouse } from './open.ts';

const url = startFront();
const LEASE = { holder: 'node_a', wasReleased: true, leftMs: () => 60_000 };
let fenced = 0;
const onFenced = () => {
  fenced += 1;
};

const open = (server: Partial<EventServer> = {}) =>
  openWarehouse({
    ...{ path: '/nowhere', log: openLog('silent'), clock: systemClock() },
    server: { url, storeId: 'store_a', lease: LEASE, onFenced, ...server },
  });

const isUnavailable = (words: RegExp) => (error: unknown) =>
  error instanceof StorageError &&
  error.reason === 'unavailable' &&
  words.test(`${error.message} ${error.cause}`);

describe('events on a server', () => {
  it('are in its tables when they are acknowledged, and are found by the next process', async () => {
    const warehouse = await open();
    const rows = [
      eventRow({ event_id: 'one' }),
      eventRow({ event_id: 'old', timestamp: Date.UTC(2001, 0, 1) }),
    ];
    assert.deepEqual(await warehouse.append(rows), [true, true]);
    const gateway = await openGateway(serverEngine({ url, storeId: '', lease: LEASE, onFenced }).connect(), {
      size: 1,
      waitingMax: 1,
    });
    assert.deepEqual(await gateway.query('SELECT count() AS events FROM events'), [{ events: '2' }]);
    await gateway.close();
    await warehouse.close();
    const next = await open();
    assert.deepEqual(await next.append([eventRow({ event_id: 'one' }), eventRow({ event_id: 'two' })]), [
      false,
      true,
    ]);
    await next.close();
  });

  it('are inserted once although a block is sent twice, and not by a process whose lease another one has', async () => {
    const warehouse = await open({ lease: { ...LEASE, holder: 'node_b' } });
    const { connect, withRows } = serverEngine({
      url,
      storeId: '',
      lease: { ...LEASE, holder: 'node_b' },
      onFenced,
    });
    const gateway = await openGateway(connect(), { size: 3, waitingMax: 9 });
    const block = encodeBlock(7, [
      eventRow({ event_id: 'twice', timestamp: 0 }),
      eventRow({ event_id: 'twice-2' }),
    ]);
    const store = createBlockStore(gateway, { withRows });
    const count = async () =>
      (await gateway.query('SELECT event_id FROM events WHERE block >= 7 AND block < 9')).length;
    await store.insertNew([block]);
    await store.insertNew([block]);
    assert.equal(await count(), 2);
    const frozen = serverEngine({ url, storeId: '', lease: LEASE, onFenced });
    const late = createBlockStore(gateway, { withRows: frozen.withRows });
    await assert.rejects(
      late.insertNew([encodeBlock(8, [eventRow({ event_id: 'late' })])]),
      isUnavailable(/another process stores events now/),
    );
    assert.equal(fenced, 1);
    assert.equal(await count(), 2);
    await gateway.close();
    await warehouse.close();
  });

  it('are refused while the lease ends within the time of an insert, and stored again after it was renewed', async () => {
    let leftMs = 60_000;
    const warehouse = await open({ lease: { ...LEASE, holder: 'node_c', leftMs: () => leftMs } });
    leftMs = 11_999;
    const rows = [eventRow({ event_id: 'at the end' })];
    await assert.rejects(warehouse.append(rows), isUnavailable(/Another node may be storing/));
    leftMs = 12_000;
    assert.deepEqual(await warehouse.append(rows), [true]);
    assert.deepEqual(await warehouse.query("SELECT count() AS n FROM events WHERE event_id = 'at the end'"), [
      { n: '1' },
    ]);
    await warehouse.close();
  });

  it('are not touched in the database of another installation: no table is created or migrated', async () => {
    const other = startFront();
    const engine = serverEngine({ url: other, storeId: '', lease: LEASE, onFenced });
    const gateway = await openGateway(engine.connect(), { size: 1, waitingMax: 1 });
    await gateway.command('CREATE TABLE installation (id String) ENGINE = MergeTree ORDER BY id');
    await gateway.command('INSERT INTO installation FORMAT JSONCompactEachRow\n["store_b"]');
    await assert.rejects(open({ url: other }), isUnavailable(/belong to another installation/));
    const tables = await gateway.query("SELECT name FROM system.tables WHERE database = 'appflow'");
    assert.deepEqual(tables, [{ name: 'installation' }]);
    await gateway.close();
  });

  it('are not claimed if a newer release has changed the tables, unless it has only added to them', async () => {
    const other = startFront();
    await (await open({ url: other })).close();
    const engine = serverEngine({ url: other, storeId: '', lease: LEASE, onFenced });
    const gateway = await openGateway(engine.connect(), { size: 1, waitingMax: 1 });
    await gateway.command("INSERT INTO schema_migrations (name) VALUES ('9998-later-additive.sql')");
    await (await open({ url: other })).close();
    const claims = () => gateway.query('SELECT max(epoch) AS epoch FROM epochs');
    const before = await claims();
    await gateway.command("INSERT INTO schema_migrations (name) VALUES ('9999-renamed.sql')");
    await assert.rejects(
      open({ url: other }),
      isUnavailable(/newer release .* \(it has 9999-renamed\.sql\)/),
    );
    assert.deepEqual(await claims(), before);
    await gateway.close();
  });

  it('of another installation are refused, and so is a server that is away, without its password', async () => {
    await assert.rejects(open({ storeId: 'store_b' }), isUnavailable(/belong to another installation/));
    const away = 'http://me:secret-word@127.0.0.1:9';
    await assert.rejects(open({ url: away }), (error: unknown) => {
      assert.ok(isUnavailable(/127\.0\.0\.1:9 \(CLICKHOUSE_URL\)/)(error));
      assert.doesNotMatch(String((error as Error).message), /secret-word/);
      return true;
    });
  });
});
