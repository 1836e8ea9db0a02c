import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLimit } from './gcra/limit.ts';
import { DEFAULT_RATES, EVENTS_PER_BATCH_MAX, FAILED_AUTH_RATE, parseLimitSwitches } from './policies.ts';

test('every default can be counted exactly and allows the largest batch', () => {
  for (const rates of Object.values(DEFAULT_RATES)) {
    assert.doesNotThrow(() => createLimit('events', rates.events));
    assert.doesNotThrow(() => createLimit('events-requests', rates['events-requests']));
    assert.doesNotThrow(() => createLimit('analytics', rates.analytics));
    assert.doesNotThrow(() => createLimit('management', rates.management));
    assert.ok(rates.events.burst >= EVENTS_PER_BATCH_MAX);
  }
  assert.equal(createLimit('failed-auth', FAILED_AUTH_RATE).windowSeconds, 60);
});

test('parses each variable, including off, decimals and spaces', () => {
  const { overrides, mistakes } = parseLimitSwitches({
    APPFLOW_LIMIT_EVENTS_REQUESTS: 'off',
    APPFLOW_LIMIT_EVENTS: '2000/1000',
    APPFLOW_LIMIT_ANALYTICS: ' 0.5 / 1 ',
    APPFLOW_LIMIT_MANAGEMENT: '50/200',
    APPFLOW_LIMIT_FAILED_AUTH: '0.3333/20',
    APPFLOW_LIMIT_LEAK_HOOK: '1/60',
  });
  assert.deepEqual(mistakes, []);
  assert.deepEqual(overrides, {
    'events-requests': 'off',
    events: { rate: 2000, burst: 1000 },
    analytics: { rate: 0.5, burst: 1 },
    management: { rate: 50, burst: 200 },
    'failed-auth': { rate: 0.3333, burst: 20 },
    'leak-hook': { rate: 1, burst: 60 },
  });
});

test('ignores other variables and empty ones', () => {
  const { overrides, mistakes } = parseLimitSwitches({
    PATH: '/bin',
    APPFLOW_SECRET: 'x',
    APPFLOW_LIMIT_EVENTS: '',
    APPFLOW_LIMIT_ANALYTICS: undefined,
  });
  assert.deepEqual({ overrides, mistakes }, { overrides: {}, mistakes: [] });
});

test('rejects invalid values, naming the variable, the mistake and what to write', () => {
  const cases: [string, RegExp][] = [
    ['none', /must be "off" or two numbers/],
    ['100', /must be "off"/],
    ['1/2/3', /must be "off"/],
    ['0/10', /above 0/],
    ['-1/10', /above 0/],
    ['x/10', /rate is not a number/],
    ['/10', /rate is not a number/],
    ['0x10/10', /rate is not a number/],
    ['1e3/10', /rate is not a number/],
    ['10/', /burst is not a whole number/],
    ['10/1.5', /burst is not a whole number/],
    ['10/0', /at least 1/],
  ];
  for (const [value, pattern] of cases) {
    const { overrides, mistakes } = parseLimitSwitches({ APPFLOW_LIMIT_ANALYTICS: value });
    assert.deepEqual(overrides, {}, value);
    assert.equal(mistakes.length, 1, value);
    assert.match(mistakes[0] ?? '', pattern);
    assert.ok(mistakes[0]?.startsWith(`APPFLOW_LIMIT_ANALYTICS=${value}: `));
    assert.match(mistakes[0] ?? '', /100\/500/);
  }
});

test('rejects an events burst below the largest batch, which could never be allowed', () => {
  assert.match(parseLimitSwitches({ APPFLOW_LIMIT_EVENTS: '999/999' }).mistakes[0] ?? '', /at least 1000/);
  assert.deepEqual(parseLimitSwitches({ APPFLOW_LIMIT_EVENTS: '999/1000' }).mistakes, []);
  assert.deepEqual(parseLimitSwitches({ APPFLOW_LIMIT_EVENTS_REQUESTS: '9/9' }).mistakes, []);
});

test('reports a mistyped variable instead of ignoring it', () => {
  assert.match(
    parseLimitSwitches({ APPFLOW_LIMIT_EVENT: 'off' }).mistakes[0] ?? '',
    /unknown limit\. Valid names are .*APPFLOW_LIMIT_EVENTS/,
  );
});

test('parses how many queries may run and wait, bounds included', () => {
  const read = (value: string) => {
    const { overrides, mistakes } = parseLimitSwitches({ APPFLOW_LIMIT_ANALYTICS_IN_FLIGHT: value });
    assert.deepEqual(mistakes, []);
    return overrides['analytics-in-flight'];
  };
  assert.equal(read('off'), 'off');
  assert.deepEqual(read('5/10'), { running: 5, waiting: 10 });
  assert.deepEqual(read(' 1 / 0 '), { running: 1, waiting: 0 });
  assert.deepEqual(read('1000/1000'), { running: 1000, waiting: 1000 });
});

test('rejects invalid values for concurrent queries, and says what to write', () => {
  const cases: [string, RegExp][] = [
    ['5', /must be "off" or/],
    ['1/2/3', /must be "off"/],
    ['on', /must be "off"/],
    ['0/10', /running must be a whole number from 1 to 1000/],
    ['1001/10', /running must be/],
    ['1.5/10', /running must be/],
    ['x/10', /running must be/],
    ['/10', /running must be/],
    ['5/-1', /waiting must be a whole number from 0 to 1000/],
    ['5/1001', /waiting must be/],
    ['5/', /waiting must be/],
  ];
  for (const [value, pattern] of cases) {
    const { overrides, mistakes } = parseLimitSwitches({ APPFLOW_LIMIT_ANALYTICS_IN_FLIGHT: value });
    assert.deepEqual(overrides, {}, value);
    assert.match(mistakes[0] ?? '', pattern);
    assert.match(mistakes[0] ?? '', /^APPFLOW_LIMIT_ANALYTICS_IN_FLIGHT=.*5\/10/);
  }
});

test("requires room for the largest batch in an address's events too", () => {
  assert.deepEqual(parseLimitSwitches({ APPFLOW_LIMIT_EVENTS_IP: '10/1000' }).mistakes, []);
  assert.match(parseLimitSwitches({ APPFLOW_LIMIT_EVENTS_IP: '10/999' }).mistakes[0] ?? '', /largest batch/);
});

test('reports all mistakes together', () => {
  const variables = {
    APPFLOW_LIMIT_EVENTS: 'x',
    APPFLOW_LIMIT_ANALYTICS: '0/1',
    APPFLOW_LIMIT_MANAGEMENT: '1/0',
  };
  assert.equal(parseLimitSwitches(variables).mistakes.length, 3);
});
