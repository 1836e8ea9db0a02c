import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanUp } from '../../../test/support/clean-up.ts';
import { fillDisk, mountDisk } from '../../../test/support/small-disk.ts';
import { makeLogFolder } from '../../../test/support/warehouse-store.ts';
import { StorageError } from '../../lib/errors.ts';
import { type EventLog, openEventLog } from './event-log.ts';
import { loadLog, positionFile } from './segments.ts';

const opened: EventLog[] = [];
cleanUp(async () => {
  for (const log of opened) await log.close();
});

async function open(folder: string, segmentBytes?: number): Promise<EventLog> {
  const log = openEventLog(folder, await loadLog(folder), segmentBytes);
  opened.push(log);
  return log;
}

const listSegments = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.log'));
const blocksOf = async (folder: string) => (await loadLog(folder)).records.map(({ block }) => block);

/** Appends blocks, each with its number as its bytes. */
async function append(log: EventLog, ...blocks: number[]): Promise<void> {
  for (const block of blocks) await log.append(block, 1, Buffer.from(`[${block}]`));
}

test('has after a kill what was appended, in order, over many segments', async () => {
  const folder = makeLogFolder();
  const log = await open(folder, 60);
  await append(log, 5, 6, 7, 8, 9);
  assert.equal(listSegments(folder).length, 3);
  const loaded = await loadLog(folder);
  assert.deepEqual(
    loaded.records.map(({ block, bytes, rowCount }) => [block, String(bytes), rowCount]),
    [5, 6, 7, 8, 9].map((block) => [block, `[${block}]`, 1]),
  );
  assert.deepEqual([loaded.highest, loaded.damages], [9, []]);
  // The next process appends to a segment of its own.
  const next = await open(folder, 60);
  await append(next, 12);
  assert.deepEqual(await blocksOf(folder), [5, 6, 7, 8, 9, 12]);
  assert.deepEqual((await loadLog(folder)).damages, []);
});

test('creates no file before a block is appended', async () => {
  const folder = makeLogFolder();
  const log = await open(folder);
  await log.release(3);
  await log.clear();
  await log.close();
  assert.equal(existsSync(folder), false);
});

test('forgets the blocks that are in the tables, and deletes the segments of nothing else', async () => {
  const folder = makeLogFolder();
  const log = await open(folder, 60);
  await append(log, 5, 6, 7, 8);
  await log.release(5);
  assert.deepEqual([await blocksOf(folder), listSegments(folder).length], [[6, 7, 8], 2]);
  await log.release(6);
  assert.deepEqual([await blocksOf(folder), listSegments(folder).length], [[7, 8], 1]);
  await log.release(8);
  assert.deepEqual(await blocksOf(folder), []);
  // What is not synced may be gone after a power failure: then the records themselves say it.
  await append(log, 9);
  rmSync(positionFile(folder));
  assert.deepEqual(await blocksOf(folder), [9]);
  await log.clear();
  assert.deepEqual([listSegments(folder), log.size()], [[], 0]);
  await append(log, 10);
  assert.deepEqual([await blocksOf(folder), (await loadLog(folder)).damages], [[10], []]);
});

test('reports acknowledged blocks that the end of the log does not contain', async () => {
  const folder = makeLogFolder();
  await append(await open(folder), 5, 6);
  const [name = ''] = listSegments(folder);
  const file = join(folder, name);
  const whole = readFileSync(file);
  truncateSync(file, whole.length - 1);
  const [damage] = (await loadLog(folder)).damages;
  assert.deepEqual([damage?.file, damage?.after, damage?.at], [file, 5, whole.length / 2]);
  rmSync(file);
  assert.equal((await loadLog(folder)).damages.length, 1);
  // Without the position, as after a power failure, the same is a record that was never acknowledged.
  rmSync(positionFile(folder));
  writeFileSync(file, whole.subarray(0, -1));
  const { records, damages } = await loadLog(folder);
  assert.deepEqual([records.map(({ block }) => block), damages], [[5], []]);
});

test('reports a damaged record, unless all of its block is in the tables', async () => {
  const folder = makeLogFolder();
  const log = await open(folder);
  await append(log, 5, 6, 7);
  const [name = ''] = listSegments(folder);
  const file = join(folder, name);
  const whole = readFileSync(file);
  const flipped = Buffer.from(whole);
  const middle = Math.floor(whole.length / 2);
  flipped[middle] = (flipped[middle] ?? 0) ^ 1;
  writeFileSync(file, flipped);
  const { records, damages } = await loadLog(folder);
  assert.deepEqual(
    records.map(({ block }) => block),
    [5, 7],
  );
  const range = { file, at: whole.length / 3, rowCount: undefined, after: 5, before: 7 };
  assert.deepEqual(damages, [range]);
  await log.release(6);
  assert.deepEqual((await loadLog(folder)).damages, []);
  // Kept, so that it can be examined.
  const next = await open(folder);
  await next.clear();
  assert.deepEqual(readdirSync(folder).sort(), [`${name}.damaged`, 'position']);
});

test('reports a segment that is missing between two others', async () => {
  const folder = makeLogFolder();
  await append(await open(folder, 50), 5, 6, 7, 8);
  const names = listSegments(folder);
  rmSync(join(folder, names[1] ?? ''));
  const { records, damages } = await loadLog(folder);
  assert.ok(records.length < 4);
  assert.equal(damages.length, 1);
});

test('keeps nothing of a block for which the disk has no room, and works again with room', async () => {
  const folder = join(mountDisk('1m'), 'log');
  const log = await open(folder);
  const bytes = Buffer.alloc(200_000, 'x');
  await log.append(5, 1, bytes);
  const filler = fillDisk(join(folder, '..'));
  const isFull = (error: unknown) =>
    error instanceof StorageError && error.reason === 'unavailable' && /disk is full/.test(error.message);
  await assert.rejects(log.append(6, 1, bytes), isFull);
  await assert.rejects(log.append(7, 1, bytes), isFull);
  assert.deepEqual(await blocksOf(folder), [5]);
  rmSync(filler);
  await log.append(8, 1, bytes);
  assert.deepEqual([await blocksOf(folder), (await loadLog(folder)).damages], [[5, 8], []]);
});

test('trusts no position that is damaged', async () => {
  const folder = makeLogFolder();
  await append(await open(folder), 5);
  const file = positionFile(folder);
  const whole = readFileSync(file);
  for (let at = 0; at < whole.length; at += 1) {
    const flipped = Buffer.from(whole);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    writeFileSync(file, flipped);
    const { records, damages } = await loadLog(folder);
    assert.deepEqual([records.map(({ block }) => block), damages], [[5], []], `byte ${at}`);
  }
});
