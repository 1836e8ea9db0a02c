import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  addSample,
  createSampleBuffer,
  listBuffered,
  removeBuffered,
  returnSamples,
  SAMPLES_IN_MEMORY_MAX,
  SAMPLES_PER_PROJECT,
  type SampleRow,
  takeSamples,
} from './sample-buffer.ts';

const sampleOf = (projectId: string, at: number): SampleRow => ({
  id: `smp_${at}`,
  project_id: projectId,
  at,
  app_id: null,
  app_user_id: `user_${at}`,
  key_id: 'key_1',
  sdk_id: 'appflow',
  sdk: '',
  code: 'invalid_event',
  field: 'event',
  message: '',
  event_id: null,
  event: 'null',
  is_cut: 0,
});

const timesOf = (rows: readonly SampleRow[] | undefined) => rows?.map(({ at }) => at);

describe('samples in memory', () => {
  it('are the last 1,000 of a project', () => {
    const buffer = createSampleBuffer();
    const count = 3 * SAMPLES_PER_PROJECT + 5;
    for (let at = 0; at < count; at += 1) addSample(buffer, sampleOf('proj_1', at));
    assert.ok(buffer.size <= 2 * SAMPLES_PER_PROJECT);
    const times = timesOf(listBuffered(buffer, 'proj_1'));
    assert.equal(times?.length, SAMPLES_PER_PROJECT);
    assert.deepEqual([times?.[0], times?.at(-1)], [count - SAMPLES_PER_PROJECT, count - 1]);
    assert.deepEqual(timesOf(takeSamples(buffer).get('proj_1')), times);
    assert.deepEqual([buffer.size, listBuffered(buffer, 'proj_1')], [0, []]);
  });

  it('are bounded over all projects, and a flood in some leaves each a share', () => {
    const buffer = createSampleBuffer();
    addSample(buffer, sampleOf('quiet', -1));
    for (let at = 0; at < 5 * SAMPLES_IN_MEMORY_MAX; at += 1) {
      addSample(buffer, sampleOf(`proj_${at % 10}`, at));
      assert.ok(buffer.size <= SAMPLES_IN_MEMORY_MAX);
    }
    const taken = takeSamples(buffer);
    assert.deepEqual(timesOf(taken.get('quiet')), [-1]);
    for (let index = 0; index < 10; index += 1) assert.ok((taken.get(`proj_${index}`)?.length ?? 0) > 100);
  });

  it('come back before the newer ones if they could not be written', () => {
    const buffer = createSampleBuffer();
    addSample(buffer, sampleOf('proj_1', 1));
    const taken = takeSamples(buffer);
    addSample(buffer, sampleOf('proj_1', 2));
    returnSamples(buffer, taken);
    assert.deepEqual([timesOf(listBuffered(buffer, 'proj_1')), buffer.size], [[1, 2], 2]);
  });

  it('can be removed, of one project only', () => {
    const buffer = createSampleBuffer();
    for (const project of ['proj_1', 'proj_2'])
      for (const at of [1, 2]) addSample(buffer, sampleOf(project, at));
    assert.equal(
      removeBuffered(buffer, 'proj_1', ({ app_user_id }) => app_user_id === 'user_1'),
      1,
    );
    assert.deepEqual(timesOf(listBuffered(buffer, 'proj_1')), [2]);
    assert.deepEqual(timesOf(listBuffered(buffer, 'proj_2')), [1, 2]);
    assert.equal(buffer.size, 3);
  });
});
