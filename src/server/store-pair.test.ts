import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { initProject, makeConfig } from '../../test/support/harness.ts';
import { markMoved } from './moved.ts';
import { openControlServices } from './open-services.ts';

/** Returns a data folder in use, with something in place of the engine's files, and functions that open it. */
async function install() {
  const config = makeConfig();
  const [events, controlFile] = [join(config.dataDir, 'events'), join(config.dataDir, 'control.db')];
  await initProject(config);
  const open = async () => {
    const services = await openControlServices(config);
    try {
      await services.requirePair();
    } finally {
      await services.close();
    }
  };
  await open();
  mkdirSync(join(events, 'store'));
  return { config, events, controlFile, open };
}

describe('the two stores of a data folder', () => {
  it('open together again and again, and after a crash before the second was marked', async () => {
    const { events, open } = await install();
    await open();
    const config = makeConfig();
    const services = await openControlServices(config);
    await services.control.db
      .insertInto('settings')
      .values({ name: 'store_id', value: 'pending:store_1' })
      .execute();
    await services.requirePair();
    await services.requirePair();
    await services.close();
    assert.equal(readFileSync(join(config.dataDir, 'events', 'store-id'), 'utf8'), 'store_1\n');
    assert.match(readFileSync(join(events, 'store-id'), 'utf8'), /^store_\w{26}\n$/);
  });

  it('are marked at the first start of a data folder from before they were', async () => {
    const config = makeConfig();
    await initProject(config);
    mkdirSync(join(config.dataDir, 'events', 'store'), { recursive: true });
    const services = await openControlServices(config);
    await services.requirePair();
    await services.close();
    assert.ok(existsSync(join(config.dataDir, 'events', 'store-id')));
  });

  for (const [state, damage] of [
    ['missing', (path: string) => rmSync(path, { recursive: true })],
    ['empty', emptyFolder],
  ] as const) {
    it(`do not open when the events are ${state}, and say both ways to continue`, async () => {
      const { events, open } = await install();
      damage(events);
      await assert.rejects(open, (error: Error) => {
        assert.match(
          error.message,
          /events is missing or empty, but \S+control\.db says that there are events\. Restore it/,
        );
        const [, id] = /echo (store_\w+) > (\S+)\. To start over, move/.exec(error.message) ?? [];
        mkdirSync(events, { recursive: true });
        writeFileSync(join(events, 'store-id'), `${id}\n`);
        return true;
      });
      await open();
    });
  }

  for (const [state, damage] of [
    ['missing', (path: string) => rmSync(path)],
    ['empty', (path: string) => writeFileSync(path, '')],
  ] as const) {
    it(`do not open when the control database is ${state}: no command creates another`, async () => {
      const { config, controlFile, events, open } = await install();
      damage(controlFile);
      const refusal =
        /control\.db is missing or empty, but there are events in .* Restore it, with .* move \S+events elsewhere/;
      await assert.rejects(open, refusal);
      await assert.rejects(initProject(config), refusal);
      assert.equal(existsSync(controlFile) && readFileSync(controlFile).length > 0, false);
      renameSync(events, `${events}-moved`);
      await open();
    });
  }

  it('do not open when one is of another installation', async () => {
    const [one, other, fresh] = [await install(), await install(), makeConfig()];
    await initProject(fresh);
    cpSync(other.events, `${one.events}-other`, { recursive: true });
    rmSync(one.events, { recursive: true });
    renameSync(`${one.events}-other`, one.events);
    await assert.rejects(one.open, /belong to different installations/);
    cpSync(other.events, join(fresh.dataDir, 'events'), { recursive: true });
    const services = await openControlServices(fresh);
    await assert.rejects(
      services.requirePair(),
      /control\.db is not the one that the events in .* belong to/,
    );
    await services.close();
  });

  it('are refused to a command that began before they were moved to servers, and would write to what was moved', async () => {
    const { config } = await install();
    const now = () => {
      markMoved(config.dataDir, { control: true, events: true, at: '2026-01-01T00:00:00Z' });
      return Date.now();
    };
    await assert.rejects(openControlServices(config, { now }), /was moved to servers/);
  });
});

function emptyFolder(path: string): void {
  rmSync(path, { recursive: true });
  mkdirSync(path);
}
