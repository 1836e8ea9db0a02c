import assert from 'node:assert/strict';
import { beforeEach, it } from 'node:test';
import {
  cancelStepUp,
  confirmStepUp,
  ensureStepUp,
  forgetStepUp,
  isStepUpWanted,
  keepStepUp,
  StepUpCancelled,
} from './step-up.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const later = (ms: number) => new Date(NOW + ms).toISOString();

beforeEach(() => forgetStepUp());

it('asks for no password while the last one counts, with five seconds to spare', async () => {
  keepStepUp(later(5_001));
  await ensureStepUp(NOW);
  assert.equal(isStepUpWanted(), false);
});

it('asks when it counts no longer, and goes on for all who waited', async () => {
  keepStepUp(later(5_000));
  const waiting = [ensureStepUp(NOW), ensureStepUp(NOW)];
  assert.equal(isStepUpWanted(), true);
  confirmStepUp(later(600_000));
  await Promise.all(waiting);
  assert.equal(isStepUpWanted(), false);
  await ensureStepUp(NOW);
});

it('sends nothing when the person closes the question', async () => {
  const waiting = ensureStepUp(NOW);
  cancelStepUp();
  await assert.rejects(waiting, StepUpCancelled);
  assert.equal(isStepUpWanted(), false);
});

it('forgets when nobody has given it', async () => {
  keepStepUp(null);
  const waiting = ensureStepUp(NOW);
  assert.equal(isStepUpWanted(), true);
  cancelStepUp();
  await assert.rejects(waiting);
});
