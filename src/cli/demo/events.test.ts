import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isCurrency } from '../../api/formats.ts';
import { parseRevenue } from '../../events/ingest/revenue.ts';
import { DAY_MS } from '../../lib/durations.ts';
import { countDemoDays, type DemoEvent, makeDays } from './events.ts';

const plan = { seed: 1, days: 90, users: 400 };
const stage = { appIds: { ios: 'app_i', android: 'app_a', web: 'app_w' }, startMs: Date.UTC(2026, 7, 26) };
const whole = { fromMs: stage.startMs - 1, untilMs: stage.startMs + 90 * DAY_MS - 1 };

const make = (of = plan, span = whole) => [...makeDays(of, stage, span)];
const days = make();
const events = days.flat();
const idsOf = (some: readonly DemoEvent[]) => some.map(({ event_id }) => event_id);
const isOfDevice = ({ app_user_id }: DemoEvent) => app_user_id.startsWith('device_');
const usersOf = (some: readonly DemoEvent[]) =>
  new Set(some.filter((event) => !isOfDevice(event)).map(({ app_user_id }) => app_user_id)).size;
const sum = (some: readonly number[]) => some.reduce((total, one) => total + one, 0);

describe('demo events', () => {
  it('are the same for the same seed, and differ for another', () => {
    assert.deepEqual(make(), days);
    const others = make({ ...plan, seed: 2 }).flat();
    const [first] = events;
    assert.ok(first && !idsOf(others).includes(first.event_id));
    assert.notEqual(others.length, events.length);
  });

  it('are the same whether generated in one go or in parts', () => {
    for (const cutMs of [whole.fromMs + 1, stage.startMs + 40 * DAY_MS, stage.startMs + 33.3 * DAY_MS]) {
      const before = make(plan, { ...whole, untilMs: cutMs }).flat();
      const after = make(plan, { ...whole, fromMs: cutMs }).flat();
      assert.deepEqual([...before, ...after].sort(byId), [...events].sort(byId));
    }
  });

  it('cover as many days as countDemoDays says', () => {
    assert.equal(countDemoDays(stage, whole.fromMs, whole.untilMs), days.length);
    assert.equal(days.length, 90);
    const span = { fromMs: stage.startMs + 3.5 * DAY_MS, untilMs: stage.startMs + 5 * DAY_MS };
    assert.equal(countDemoDays(stage, span.fromMs, span.untilMs), make(plan, span).length);
  });

  it('have unique ids, are ordered by time, and stay within their span', () => {
    assert.equal(new Set(idsOf(events)).size, events.length);
    for (const [index, day] of days.entries()) {
      const times = day.map(({ timestamp }) => Date.parse(timestamp));
      assert.deepEqual(
        times,
        [...times].sort((one, other) => one - other),
      );
      for (const time of times) assert.equal(Math.floor((time - stage.startMs) / DAY_MS), index);
    }
  });

  it('grow over time, peak on weekends, and include returning users', () => {
    const visitors = days.map(usersOf);
    assert.ok(sum(visitors.slice(60)) > 1.3 * sum(visitors.slice(0, 30)));
    const weekday = (index: number) => new Date(stage.startMs + index * DAY_MS).getUTCDay();
    const meanOf = (of: (day: number) => boolean) => {
      const some = visitors.filter((_, index) => of(weekday(index)));
      return sum(some) / some.length;
    };
    assert.ok(meanOf((day) => day === 6 || day === 0) > 1.1 * meanOf((day) => day >= 2 && day <= 4));
    assert.ok(sum(visitors) > 4 * usersOf(events), 'a person comes on several days');
    assert.ok(Math.max(...visitors) < usersOf(events) / 2, 'not everyone comes every day');
  });

  it('show a campaign that brings people, and people who stay longer the later they join', () => {
    const signUps = events.filter(({ event_name }) => event_name === 'sign_up');
    const dayOf = ({ timestamp }: DemoEvent) => Math.floor((Date.parse(timestamp) - stage.startMs) / DAY_MS);
    const joined = new Map(signUps.map((event) => [event.app_user_id, dayOf(event)]));
    const fromCampaign = signUps.filter(({ properties }) => properties?.campaign === 'back_to_school');
    assert.ok(fromCampaign.length >= 10);
    assert.deepEqual([...new Set(fromCampaign.map(dayOf))].sort(), [54, 55, 56]);
    const stayed = (first: number, last: number) => {
      const cohort = [...joined].filter(([, day]) => day >= first && day <= last).map(([id]) => id);
      const back = new Set(
        events
          .filter((event) => {
            const after = dayOf(event) - (joined.get(event.app_user_id) ?? Number.NaN);
            return after === 7;
          })
          .map(({ app_user_id }) => app_user_id),
      );
      return cohort.filter((id) => back.has(id)).length / cohort.length;
    };
    assert.ok(stayed(50, 75) > 1.15 * stayed(0, 25), `${stayed(0, 25)} → ${stayed(50, 75)}`);
  });

  it('link the device of each newcomer to the account, after what was done on it before', () => {
    const links = events.filter(({ event_name }) => event_name === '$identify');
    const signUps = events.filter(({ event_name }) => event_name === 'sign_up');
    assert.deepEqual(
      links.map(({ app_user_id, timestamp }) => [app_user_id, timestamp]).sort(),
      signUps.map(({ app_user_id, timestamp }) => [app_user_id, timestamp]).sort(),
    );
    const before = new Map(events.filter(isOfDevice).map((event) => [event.app_user_id, event]));
    assert.equal(before.size, links.length);
    for (const { app_user_id, timestamp, properties } of links) {
      const opened = before.get(String(properties?.anonymous_id));
      assert.ok(opened && opened.timestamp <= timestamp, app_user_id);
      assert.ok(properties?.$set_once);
    }
  });

  it('roll out app versions one after another', () => {
    const versionsOn = (day: number) => new Set((days[day] ?? []).map(({ context }) => context.app_version));
    assert.deepEqual([...versionsOn(5)], ['2.8.4']);
    assert.ok(versionsOn(20).has('2.8.4') && versionsOn(20).has('2.9.0'));
    assert.ok(versionsOn(89).has('3.2.0'));
  });

  it('include payments in several currencies, and refund only what was paid', () => {
    const paid = events.filter(({ properties }) => properties?.revenue !== undefined);
    const currencies = new Set(paid.map(({ properties }) => properties?.currency));
    assert.ok(currencies.size >= 3, [...currencies].join());
    for (const { properties } of paid) {
      assert.ok(isCurrency(properties?.currency));
      assert.ok(Number(parseRevenue(properties?.revenue)) > 0);
      assert.match(String(properties?.product_id), /^(pro|coins)_/);
    }
    const many = make({ ...plan, users: 4_000 }).flat();
    const refunds = many.filter(({ event_name }) => event_name === 'refund');
    assert.ok(refunds.length > 0);
    for (const refund of refunds) {
      const before = many.filter(
        (event) =>
          event.app_user_id === refund.app_user_id &&
          event.event_name === 'subscription_started' &&
          event.timestamp < refund.timestamp,
      );
      const isEarlier = Date.parse(refund.timestamp) < stage.startMs + 2 * DAY_MS;
      assert.ok(before.length === 1 || isEarlier, refund.event_id);
    }
  });

  it('go to the app of their platform', () => {
    for (const { app_id, context } of events) {
      assert.equal(app_id, stage.appIds[context.platform as keyof typeof stage.appIds]);
    }
  });
});

function byId(one: DemoEvent, other: DemoEvent): number {
  return one.event_id < other.event_id ? -1 : 1;
}
