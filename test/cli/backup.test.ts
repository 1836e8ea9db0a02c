import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { MANIFEST, type Manifest } from '../../src/cli/backup/manifest.ts';
import { runCli, startServerProcess } from '../support/child-processes.ts';
import { makeTempDir } from '../support/harness.ts';
import { until } from '../support/until.ts';
import { backUp, countOf, restore, sendBatch, startBackup, startLoad, startRestore } from './backup-runs.ts';
import { examine } from './doctor-installation.ts';
import { copySource, envOf, makeMoveSource, readAnswers } from './move-source.ts';

const template = await makeMoveSource();

const readManifest = (backup: string): Manifest =>
  JSON.parse(readFileSync(join(backup, MANIFEST), 'utf8')) as Manifest;

/** Fails if `doctor` finds a problem in a restored folder. */
async function requireHealthy(env: Record<string, string>): Promise<void> {
  const { byCheck } = await examine(env);
  const failed = [...byCheck.values()].filter(({ status }) => status === 'failed');
  assert.deepEqual(failed, []);
}

describe('a backup while the server stores events', () => {
  const [source, place] = [copySource(template), makeTempDir()];

  it('is one moment of both stores: restored, every answer is the same, and each event counts once', async () => {
    await using server = await startServerProcess(envOf(source));
    const load = await startLoad(server, source);
    await until('under load', async () => load.acknowledged() >= 1_000);
    const answers = await readAnswers(server, source);
    const before = load.acknowledged();
    const { backup, events } = await backUp(source, place);
    const after = load.acknowledged();
    const batches = await load.stop();
    assert.ok(after > before, 'events were stored meanwhile');
    const manifest = readManifest(backup);
    const saved = countOf(manifest, load.project.app_id);
    assert.ok(before <= saved && saved <= after, `${before} ≤ ${saved} ≤ ${after}`);
    assert.equal(
      events,
      manifest.events.reduce((sum, day) => sum + day.events, 0),
    );
    assert.ok(!existsSync(join(source.dataDir, 'copying')));

    const restored = await restore(source, backup);
    await requireHealthy(envOf(restored));
    await using again = await startServerProcess(envOf(restored));
    assert.deepEqual((await again.call('GET', '/readyz')).body.problems ?? [], []);
    assert.deepEqual(await readAnswers(again, restored), answers);
    const call = (key: string) => again.call('GET', '/v1/api-keys/self', { key });
    assert.deepEqual([(await call(source.key)).status, (await call(source.revoked)).status], [200, 401]);
    let [added, batch] = [0, 0];
    for (; batch < batches; batch += 1) added += await sendBatch(again, load.project, batch);
    assert.equal(saved + added, batches * 50, 'what the backup has counts as a duplicate, and nothing else');
    await again.stop();
    await requireHealthy(envOf(restored));
  });

  it('does not contain the secret, and says where it is', async () => {
    const spaced = join(place, 'a b');
    const { stdout } = await runCli(['backup', spaced], envOf(source));
    assert.match(stdout, /restore '[^']+\/a b\/[^']+' --verify --data-dir/);
    const file = join(source.dataDir, 'secrets/appflow-secret');
    assert.ok(stdout.includes('THE SECRET IS NOT IN THIS BACKUP'));
    assert.ok(stdout.includes(file), stdout);
    const secret = readFileSync(file, 'utf8').trim();
    const copies = readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    for (const { parentPath, name } of copies)
      assert.ok(!readFileSync(join(parentPath, name)).includes(secret), name);
  });

  it('is made of a server that was stopped or killed, with the events that are only in its log', async () => {
    const killed = copySource(template);
    const server = await startServerProcess(envOf(killed));
    const project = JSON.parse((await runCli(['init', '--json'], envOf(killed))).stdout);
    for (let batch = 0; batch < 3; batch += 1) await sendBatch(server, project, batch);
    await server.kill();
    const { backup } = await backUp(killed, place);
    assert.equal(countOf(readManifest(backup), project.app_id), 150);
    const restored = await restore(killed, backup);
    await requireHealthy(envOf(restored));
    await using again = await startServerProcess(envOf(restored));
    assert.equal(await sendBatch(again, project, 2), 0);
    await again.stop();
    const stopped = await backUp(restored, place);
    assert.equal(countOf(readManifest(stopped.backup), project.app_id), 150);
  });

  it('removes all but the latest with --keep, and only those of the same installation', async () => {
    const names = () => readdirSync(place).filter((name) => name !== 'other');
    const suffix = (backup: string) => backup.slice(backup.lastIndexOf('-'));
    mkdirSync(join(place, 'other'));
    const earlier = [await backUp(source, place), await backUp(source, place)];
    mkdirSync(join(place, '2020-01-01T00-00-00Z-00000000'));
    const { backup, removed } = await backUp(source, place, '--keep', '1');
    for (const one of earlier)
      assert.ok(
        removed.some((name) => one.backup.endsWith(name)),
        one.backup,
      );
    const left = names().filter((name) => name.endsWith(suffix(backup)));
    assert.deepEqual(
      left.map((name) => join(place, name)),
      [backup],
    );
    assert.ok(existsSync(join(place, '2020-01-01T00-00-00Z-00000000')));
  });

  it('is repeated with --every until it is stopped, also after a failure', async () => {
    const folder = join(makeTempDir(), 'later');
    writeFileSync(folder, 'not a folder');
    const { child, ended } = startBackup(source, folder, '--every', '1s');
    const printed: string[] = [];
    for (const output of [child.stdout, child.stderr])
      output?.on('data', (chunk) => printed.push(String(chunk)));
    await until('failed', async () => /Backup failed: .*later/.test(printed.join('')));
    rmSync(folder);
    await until('two backups', async () => printed.join('').split('"backup":').length > 2);
    child.kill('SIGTERM');
    assert.equal((await ended).code, 0);
    assert.ok(!existsSync(join(source.dataDir, 'copying')));
  });
});

describe('appflow backup', () => {
  it('says with which commands servers are backed up', async () => {
    const env = { APPFLOW_DATA_DIR: makeTempDir(), DATABASE_URL: 'postgres://u@127.0.0.1/d' };
    const { code, stderr } = await runCli(['backup', makeTempDir()], env);
    assert.equal(code, 2);
    assert.match(stderr, /pg_dump --format=custom/);
    const both = await runCli(['backup', makeTempDir()], { ...env, CLICKHOUSE_URL: 'http://127.0.0.1:8123' });
    assert.match(both.stderr, /BACKUP DATABASE appflow/);
  });

  it('refuses a data folder without an installation', async () => {
    const { code, stderr } = await runCli(['backup', makeTempDir()], { APPFLOW_DATA_DIR: makeTempDir() });
    assert.equal(code, 2);
    assert.match(stderr, /There is no installation in/);
  });
});

describe('appflow restore', () => {
  const [source, place] = [copySource(template), makeTempDir()];

  it('refuses a damaged file by name, and puts nothing in place', async () => {
    const { backup } = await backUp(source, place);
    const [path = ''] = Object.keys(readManifest(backup).files).filter((file) => file.endsWith('data.bin'));
    const bytes = readFileSync(join(backup, path));
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    writeFileSync(join(backup, path), bytes);
    const dataDir = makeTempDir();
    const { code, stderr } = await startRestore(backup, dataDir).ended;
    assert.equal(code, 1);
    assert.ok(stderr.includes(path) && stderr.includes('checksum differs'), stderr);
    assert.deepEqual(readdirSync(dataDir), ['restoring']);
    const refused = await runCli(['serve'], { PORT: '0', APPFLOW_DATA_DIR: dataDir });
    assert.match(refused.stderr, /Restoring a backup into .* is not complete/);
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    writeFileSync(join(backup, path), bytes);
    assert.equal((await startRestore(backup, dataDir).ended).code, 0, 'the same command again');
    assert.deepEqual(readdirSync(dataDir).toSorted(), ['control.db', 'events', 'secrets']);
    const again = await startRestore(backup, dataDir).ended;
    assert.equal(again.code, 2);
    assert.match(again.stderr, /is not empty/);
  });

  it('with --verify refuses a backup whose events are not those of its manifest', async () => {
    const { backup } = await backUp(source, place);
    const manifest = readManifest(backup);
    const [day = assert.fail()] = manifest.events;
    day.events += 1;
    writeFileSync(join(backup, MANIFEST), JSON.stringify(manifest));
    const { code, stderr } = await startRestore(backup, join(makeTempDir(), 'new')).ended;
    assert.equal(code, 1);
    assert.ok(
      stderr.includes(`${day.app}, ${day.day}: ${day.events - 1} events instead of ${day.events}`),
      stderr,
    );
  });

  it('refuses a path outside of the data folder', async () => {
    const { backup } = await backUp(source, place);
    const manifest = readManifest(backup);
    const hostile = [
      { ...manifest, files: { ...manifest.files, 'events/../../x': { bytes: 1, sha256: '' } } },
      { ...manifest, links: { 'events/data': '../../../etc' } },
      { ...manifest, links: { 'events/data': '/etc' } },
    ];
    for (const one of hostile) {
      writeFileSync(join(backup, MANIFEST), JSON.stringify(one));
      const { stderr } = await startRestore(backup, join(makeTempDir(), 'new')).ended;
      assert.match(stderr, /is not a valid backup path/);
    }
  });
});

describe('a kill', () => {
  const [source, place] = [copySource(template), makeTempDir()];

  it('of a backup leaves an incomplete one, which says so, and nothing in the data folder after the next start', async () => {
    const server = await startServerProcess(envOf(source));
    const command = startBackup(source, place);
    const findIncomplete = () =>
      readdirSync(place).find((one) => existsSync(join(place, one, 'incomplete.json')));
    await until('copying', async () => findIncomplete() !== undefined);
    command.child.kill('SIGKILL');
    await command.ended;
    const name = findIncomplete() ?? assert.fail('it was complete before it was killed');
    const { code, stderr } = await startRestore(join(place, name), join(makeTempDir(), 'new')).ended;
    assert.equal(code, 2);
    assert.match(stderr, /is not a complete backup/);
    assert.ok(existsSync(join(source.dataDir, 'copying')));
    assert.equal((await server.call('GET', '/v1/api-keys/self', { key: source.key })).status, 200);
    await server.kill();
    await using again = await startServerProcess(envOf(source));
    assert.ok(!existsSync(join(source.dataDir, 'copying')));
    const { backup, removed } = await backUp(source, place);
    assert.deepEqual(removed, [name]);
    assert.deepEqual(readdirSync(backup).includes('incomplete.json'), false);
    await again.stop();
  });

  it('of a restore leaves a folder that no server starts on, and the same command completes it', async () => {
    const { backup } = await backUp(source, place);
    const dataDir = join(makeTempDir(), 'new');
    const command = startRestore(backup, dataDir);
    await until('restoring', async () => existsSync(join(dataDir, 'restoring/events')));
    command.child.kill('SIGKILL');
    await command.ended;
    const refused = await runCli(['serve'], { PORT: '0', APPFLOW_DATA_DIR: dataDir });
    assert.match(refused.stderr, /is not complete/);
    assert.equal((await startRestore(backup, dataDir).ended).code, 0);
    assert.deepEqual(readdirSync(dataDir).toSorted(), ['control.db', 'events', 'secrets']);
  });
});
