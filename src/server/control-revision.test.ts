import assert from 'node:assert/strict';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { initProject, makeClock, makeConfig, makeTempDir } from '../../test/support/harness.ts';
import { checkControl } from '../cli/doctor/check-control.ts';
import type { Config } from '../config/config.ts';
import { NO_CALLER } from '../control/control.ts';
import { acceptControlLosses } from '../control/integrity/control-losses.ts';
import { noteRevision, readNotedRevision, startNotingRevisions } from './control-revision.ts';
import { type ControlServices, openControlServices } from './open-services.ts';

const OLDER = /control\.db is older than \S+events: it lacks changes that were stored by 20.* revoked/;

/** Runs something with the services of a data folder, and returns what was logged. */
async function use(
  config: Config,
  work: (services: ControlServices) => unknown = () => {},
): Promise<{ log: string; problems: string }> {
  const lines: string[] = [];
  const services = await openControlServices(config, undefined, { write: (line) => lines.push(line) });
  const problems = services.control.listProblems().join();
  try {
    await services.requirePair();
    await work(services);
  } finally {
    await services.close();
  }
  return { log: lines.join(''), problems };
}

/** Starts like the server, and changes nothing. */
const start = (config: Config) => use(config);

const change = ({ control }: ControlServices) => control.write(NO_CALLER, async () => {});

const doctor = async (config: Config): Promise<string> =>
  (await checkControl(config, undefined))
    .filter(({ status }) => status === 'failed')
    .map(({ message }) => message)
    .join();

/** Returns a data folder that was started once, and a function that puts a copy of its control database back. */
async function install() {
  const config = makeConfig({ LOG_LEVEL: 'error' });
  const file = join(config.dataDir, 'control.db');
  await initProject(config);
  await start(config);
  const copy = join(makeTempDir(), 'control.db');
  for (const end of ['', '-sum']) copyFileSync(file + end, copy + end);
  const restore = () => {
    for (const end of ['', '-sum', '-wal', '-shm', '-open']) rmSync(file + end, { force: true });
    for (const end of ['', '-sum']) copyFileSync(copy + end, file + end);
  };
  return { config, file, restore };
}

async function requireReported(config: Config, file: string): Promise<void> {
  assert.match(await doctor(config), OLDER);
  // Also once it has been opened, and changed, by a command.
  assert.match((await use(config, change)).log, OLDER);
  assert.match((await start(config)).problems, OLDER);
  assert.match(await doctor(config), OLDER);
  assert.ok(existsSync(acceptControlLosses(file, new Date()) ?? ''));
  assert.deepEqual(await start(config), { log: '', problems: '' });
  assert.equal(await doctor(config), '');
}

async function requireNothing(config: Config): Promise<void> {
  assert.equal(await doctor(config), '');
  assert.deepEqual(await start(config), { log: '', problems: '' });
  assert.equal(await doctor(config), '');
}

describe('an older control database, with its checksum, beside the events', () => {
  it('is reported until that is accepted, if something changed since', async () => {
    const { config, file, restore } = await install();
    await use(config, change);
    restore();
    await requireReported(config, file);
  });

  it('is reported if there was only a start since', async () => {
    const { config, file, restore } = await install();
    await start(config);
    restore();
    await requireReported(config, file);
  });

  it('is reported if the process that changed it was killed a second later', async () => {
    const { config, file, restore } = await install();
    const services = await openControlServices(config);
    await services.requirePair();
    const stop = startNotingRevisions(services, services.eventsDir);
    await change(services);
    await stop();
    const killed = copyOf(config);
    await services.close();
    restore();
    for (const end of ['', '-sum']) copyFileSync(file + end, join(killed.dataDir, 'control.db') + end);
    for (const end of ['-wal', '-shm', '-open'])
      rmSync(join(killed.dataDir, 'control.db') + end, { force: true });
    await requireReported(killed, join(killed.dataDir, 'control.db'));
  });

  it('also if the change could not be noted at first: it is noted as soon as that is possible', async () => {
    const { config } = await install();
    const lines: string[] = [];
    const services = await openControlServices({ ...config, logLevel: 'warn' }, undefined, {
      write: (line) => lines.push(line),
    });
    await services.requirePair();
    await change(services);
    // A folder in the place of the draft, so that the note cannot be written.
    const draft = join(services.eventsDir, `control-revision.json.${process.pid}`);
    mkdirSync(draft);
    const stop = startNotingRevisions(services, services.eventsDir);
    const end = performance.now() + 10_000;
    const until = async (isDone: () => boolean | Promise<boolean>) => {
      while (!(await isDone())) {
        assert.ok(performance.now() < end);
        await sleep(20);
      }
    };
    await until(() => lines.join('').includes('could not be noted'));
    rmSync(draft, { recursive: true });
    const revision = await services.control.readRevision();
    await until(async () => (await readNotedRevision(services.eventsDir))?.revision === revision);
    await stop();
    await services.close();
  });
});

function copyOf(config: Config): Config {
  const dataDir = makeTempDir();
  cpSync(config.dataDir, dataDir, { recursive: true });
  return { ...config, dataDir };
}

describe('no older control database is reported', () => {
  it('after stops, and changes by a command that is no server', async () => {
    const { config } = await install();
    for (let round = 0; round < 3; round += 1) {
      await use(config, change);
      await requireNothing(config);
    }
  });

  it('after a kill before or after the revision is noted', async () => {
    const { config } = await install();
    const services = await openControlServices(config);
    await services.requirePair();
    const kills = [copyOf(config)];
    await change(services);
    kills.push(copyOf(config));
    await noteRevision(services, services);
    kills.push(copyOf(config));
    await services.close();
    for (const killed of kills) await requireNothing(killed);
  });

  it('after a power failure that took the note or left half of it', async () => {
    const { config } = await install();
    await use(config, change);
    const note = join(config.dataDir, 'events', 'control-revision.json');
    const content = readFileSync(note);
    for (const left of [content.subarray(0, 10), Buffer.alloc(0), Buffer.alloc(content.length)]) {
      writeFileSync(note, left);
      await requireNothing(config);
    }
    rmSync(note);
    await requireNothing(config);
    assert.ok(await readNotedRevision(join(config.dataDir, 'events')), 'it is noted again');
  });

  it('while several processes change it, in whatever order they note that', async () => {
    const { config } = await install();
    const [one, other] = [await openControlServices(config), await openControlServices(config)];
    await one.requirePair();
    await change(other);
    await noteRevision(other, other);
    const later = await readNotedRevision(one.eventsDir);
    // As one that read its revision before the other changed it, and writes it after.
    await noteRevision({ ...one, control: { ...one.control, readRevision: async () => 1 } }, one);
    assert.deepEqual(await readNotedRevision(one.eventsDir), later);
    await change(one);
    assert.equal(await doctor(config), '');
    await one.close();
    await other.close();
    assert.ok(((await readNotedRevision(one.eventsDir))?.revision ?? 0) > (later?.revision ?? Infinity));
    await requireNothing(config);
  });

  it('when both stores are restored together, or only the events', async () => {
    const { config } = await install();
    const backup = copyOf(config);
    await use(config, change);
    await requireNothing(copyOf(backup));
    cpSync(join(backup.dataDir, 'events'), join(config.dataDir, 'events'), { recursive: true });
    await requireNothing(config);
  });

  it('when the events belong to another installation, which another message says', async () => {
    const [{ config }, other] = [await install(), await install()];
    for (let round = 0; round < 5; round += 1) await use(other.config, change);
    cpSync(join(other.config.dataDir, 'events'), join(config.dataDir, 'events'), { recursive: true });
    const services = await openControlServices(config, makeClock());
    assert.deepEqual(services.control.listProblems(), []);
    await assert.rejects(services.requirePair(), /belong to different installations/);
    await services.close();
  });
});
