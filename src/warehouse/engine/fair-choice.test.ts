import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFairChoice, QUICK_SLOT } from './fair-choice.ts';
import type { SlotRequest } from './slots.ts';

const choose = createFairChoice(4);
const of = (owner: string, part: SlotRequest = {}): SlotRequest => ({ owner, ...part });
const running = (...owners: string[]) => new Map(owners.map((owner, index) => [index + 1, of(owner)]));

describe('which query gets a free reader', () => {
  it('is the one that waits longest, if all are alike', () => {
    const waiting = [of('a'), of('b'), of('a')];
    assert.equal(choose(3, { waiting, running: new Map() }), waiting[0]);
  });

  it('is that of the project with the fewest running', () => {
    const waiting = [of('a'), of('a', { isLight: true }), of('b')];
    assert.equal(choose(3, { waiting, running: running('a') }), waiting[2]);
  });

  it("is a light one before its project's others", () => {
    const waiting = [of('a'), of('b', { isLight: true }), of('a', { isLight: true })];
    assert.equal(choose(3, { waiting, running: running('b') }), waiting[2]);
  });

  it('is none of a project that has two, so that one is left for others', () => {
    const waiting = [of('a'), of('a', { isLight: true }), of('a', { isLong: true })];
    assert.equal(choose(3, { waiting, running: running('a', 'a') }), undefined);
    assert.equal(choose(QUICK_SLOT, { waiting, running: running('a', 'a') }), waiting[1]);
  });

  it('is never a long one on the quick reader', () => {
    const waiting = [of('a', { isLong: true })];
    assert.equal(choose(QUICK_SLOT, { waiting, running: new Map() }), undefined);
    assert.equal(choose(1, { waiting, running: new Map() }), waiting[0]);
  });

  it('is any, on the only reader', () => {
    const waiting = [of('a', { isLong: true })];
    assert.equal(createFairChoice(1)(QUICK_SLOT, { waiting, running: new Map() }), waiting[0]);
  });

  it('is background work, which belongs to no project, whatever else runs', () => {
    const waiting: SlotRequest[] = [{}];
    assert.equal(
      choose(3, {
        waiting,
        running: new Map([
          [1, {}],
          [2, {}],
        ]),
      }),
      waiting[0],
    );
  });
});
