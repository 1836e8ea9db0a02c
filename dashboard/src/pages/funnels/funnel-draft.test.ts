import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  isSameFunnel,
  moveStep,
  parseDefinition,
  splitFilters,
  toDefinition,
  toDraft,
  withFilters,
} from './funnel-draft.ts';

const DEFINITION = {
  steps: [
    { event_name: 'a', where: [{ property: 'plan', op: 'exists' as const }] },
    { event_name: 'b', where: [{ property: 'n', op: 'gt' as const, value: '2' }] },
    { event_name: 'c' },
  ],
  window_seconds: 3_600,
  order: 'any' as const,
  breakdown: 'country',
};

describe('the draft of a funnel', () => {
  it('becomes the definition it came from', () => {
    assert.deepEqual(toDefinition(toDraft(DEFINITION)), DEFINITION);
  });

  it('starts with two empty steps', () => {
    assert.deepEqual(
      toDraft(undefined).steps.map(({ event_name }) => event_name),
      ['', ''],
    );
  });

  it('moves a step up and down', () => {
    const { steps } = toDraft(DEFINITION);
    const names = (moved: typeof steps) => moved.map(({ event_name }) => event_name).join('');
    assert.equal(names(moveStep(steps, 0, 1)), 'bac');
    assert.equal(names(moveStep(steps, 2, -1)), 'acb');
  });

  it('reads only definitions that the page can show', () => {
    assert.deepEqual(parseDefinition(JSON.stringify(DEFINITION)), DEFINITION);
    for (const text of [
      undefined,
      '',
      '{',
      '[]',
      '{"steps":1}',
      '{"steps":[{}]}',
      '{"steps":[{"event_name":"a","where":1}]}',
    ])
      assert.equal(parseDefinition(text), undefined, text);
  });
});

it('a saved funnel has the filters of the page, and defaults make it no other one', () => {
  const definition = { steps: [{ event_name: 'a' }, { event_name: 'b' }] };
  const saved = withFilters(definition, [
    { field: 'platform', value: 'ios' },
    { field: 'platform', value: 'android' },
  ]);
  assert.deepEqual(saved, { ...definition, filters: { platform: ['ios', 'android'] } });
  assert.deepEqual(withFilters(definition, []), definition);
  assert.deepEqual(splitFilters(saved).definition, definition);
  assert.deepEqual(withFilters(definition, splitFilters(saved).filters), saved);
  assert.equal(
    isSameFunnel(definition, { ...definition, order: 'sequential', window_seconds: 604_800 }),
    true,
  );
  assert.equal(isSameFunnel(definition, { ...definition, order: 'any' }), false);
  assert.equal(isSameFunnel(definition, saved), false);
});
