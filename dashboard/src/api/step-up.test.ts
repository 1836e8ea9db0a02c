import assert from 'node:assert/strict';
import { beforeEach, it } from 'node:test';
import {
  cancelStepUp,
  confirmStepUp,
  ensureStepUp,
  forgetStepUp,
  isStepUpWanted,
  keepStepUp,
  StepUpCanceled,
} from './step-up.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const later = (ms: number) => new Date(NOW + ms).toISOString();

beforeEach(() => forgetStepUp());

it('does not ask for the password while the last one counts for five more seconds', async () => {
  keepStepUp(later(5_001));
  await ensureStepUp(NOW);
  assert.equal(isStepUpWanted(), false);
});

it('asks once the password no longer counts, and releases all waiting requests', async () => {
  keepStepUp(later(5_000));
  const waiting = [ensureStepUp(NOW), ensureStepUp(NOW)];
  assert.equal(isStepUpWanted(), true);
  confirmStepUp(later(600_000));
  await Promise.all(waiting);
  assert.equal(isStepUpWanted(), false);
  await ensureStepUp(NOW);
});

it('rejects when the password dialog is closed', async () => {
  const waiting = ensureStepUp(NOW);
  cancelStepUp();
  await assert.rejects(waiting, StepUpCanceled);
  assert.equal(isStepUpWanted(), false);
});

it('asks for the password after the server says it was not given', async () => {
  keepStepUp(null);
  const waiting = ensureStepUp(NOW);
  assert.equal(isStepUpWanted(), true);
  cancelStepUp();
  await assert.rejects(waiting);
});
