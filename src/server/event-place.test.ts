import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeConfig } from '../../test/support/harness.ts';
import { saveEventCount } from './event-count.ts';
import { findPlaceProblem, markEventServer } from './event-place.ts';
import { openControlServices } from './open-services.ts';

const ON_SERVER = { clickhouseUrl: 'http://127.0.0.1:8123' };
const IN_FOLDER = { clickhouseUrl: undefined };

describe('the place of events', async () => {
  const services = await openControlServices(makeConfig());
  const { control, eventsDir } = services;
  const find = (config: { clickhouseUrl: string | undefined }) =>
    findPlaceProblem(control, config, eventsDir);

  it('may be either before there are events', async () => {
    assert.deepEqual([await find(ON_SERVER), await find(IN_FOLDER)], [undefined, undefined]);
  });

  it('cannot become a server while there are events in this folder, or in that of another node', async () => {
    await saveEventCount(control, 1);
    assert.match(
      (await find(ON_SERVER)) ?? '',
      /events in the data folder of another machine\. Unset CLICKHOUSE_URL/,
    );
    await saveEventCount(control, 0);
    mkdirSync(join(eventsDir, 'metadata'), { recursive: true });
    assert.match((await find(ON_SERVER)) ?? '', /Unset CLICKHOUSE_URL to use them, or move them/);
    assert.equal(await find(IN_FOLDER), undefined);
  });

  it('cannot become the folder once a server was used, and a start says so', async () => {
    await markEventServer(services);
    assert.match((await find(IN_FOLDER)) ?? '', /Set CLICKHOUSE_URL/);
    await assert.rejects(services.requirePair(), /are on a ClickHouse server. Set CLICKHOUSE_URL/);
    await services.close();
  });
});
