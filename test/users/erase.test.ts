import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DAY_MS } from '../../src/lib/durations.ts';
import { initProject, makeClock, makeKey, startTestServer } from '../support/harness.ts';
import { until } from '../support/until.ts';

const clock = makeClock();
const api = await startTestServer({}, { clock });
const { server_key: key, app_id, project_id } = api.project;
const other = await initProject(api.config);
const second = await api.call('POST', '/v1/apps', { key, body: { name: 'Second', platform: 'web' } });
const secondId: string = second.body.id;

const ago = (ms: number) => new Date(clock.now() - ms).toISOString();

async function send(events: object[], more: { key?: string; app_id?: string } = {}) {
  const { key: as = key, ...rest } = more;
  const answer = await api.call('POST', '/v1/events', {
    key: as,
    body: { ...(as === key ? { app_id } : {}), ...rest, events },
  });
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}

const event = (app_user_id: string, event_id: string, more = {}) => ({
  event_name: 'app_open',
  ...{ app_user_id, event_id, timestamp: ago(60_000) },
  ...more,
});

/** On a busy machine it may take longer than a request waits: then it is followed. */
async function erase(id: string, query: string = `?app_id=${app_id}`, as = key) {
  let answer = await api.call('DELETE', `/v1/users/${encodeURIComponent(id)}${query}`, { key: as });
  const { id: erasureId } = answer.body;
  if (answer.status === 202) {
    await until('erased', async () => {
      answer = await api.call('GET', `/v1/erasures/${erasureId}`, { key: as });
      return answer.body.status === 'done';
    });
  }
  return answer;
}

async function idsOf(app_user_id: string, as = key): Promise<string[]> {
  const query = `app_user_id=${encodeURIComponent(app_user_id)}&app_id=all`;
  const { body } = await api.call('GET', `/v1/events?${query}`, { key: as });
  return body.data.map(({ event_id }: { event_id: string }) => event_id).sort();
}

async function countNewUsers(): Promise<number> {
  const day = ago(0).slice(0, 10);
  const path = `/v1/analytics/daily?app_id=${app_id}&start=2020-01-01&end=${day}&metrics=new_users&interval=day`;
  const { body } = await api.call('GET', path.replace('&interval=day', ''), { key });
  return body.data.reduce((sum: number, { new_users }: { new_users: number }) => sum + new_users, 0);
}

describe('erasing a person', () => {
  it('erases all events of that person in the app, and nothing else', async () => {
    await send([event('ann', 'a1'), event('ann', 'a2', { timestamp: ago(9 * DAY_MS) }), event('bob', 'b1')]);
    await send([event('ann', 'a3')], { app_id: secondId });
    await send([event('ann', 'a4')], { key: other.server_key });
    const { status, body } = await erase('ann');
    assert.equal(status, 200);
    const { id, requested_at, completed_at, ...rest } = body;
    assert.deepEqual(rest, { status: 'done', app_ids: [app_id], erased: { events: 2, app_user_ids: 1 } });
    assert.equal(requested_at, completed_at);
    assert.deepEqual(await idsOf('ann'), ['a3']);
    assert.deepEqual(await idsOf('bob'), ['b1']);
    assert.deepEqual(await idsOf('ann', other.server_key), ['a4']);
    assert.equal(await countNewUsers(), 1);
    assert.deepEqual((await api.call('GET', `/v1/erasures/${id}`, { key })).body, body);
    assert.equal((await api.call('GET', `/v1/erasures/${id}`, { key: other.server_key })).status, 404);
  });

  it('rejects later events that are dated before the erasure; newer ones start a new profile', async () => {
    const { accepted, rejected } = await send([
      event('ann', 'late', { timestamp: ago(1) }),
      event('ann', 'exactly', { timestamp: ago(0) }),
      event('bob', 'fine'),
      event('ann', 'new', { timestamp: new Date(clock.now() + 1).toISOString() }),
    ]);
    assert.equal(accepted, 2);
    const [first, ...more] = rejected;
    assert.deepEqual([first.index, first.code, first.event_id], [0, 'user_erased', 'late']);
    assert.deepEqual(
      more.map(({ index, code }: { index: number; code: string }) => [index, code]),
      [[1, 'user_erased']],
    );
    assert.deepEqual(await idsOf('ann'), ['a3', 'new']);
    assert.equal(await countNewUsers(), 2);
  });

  it('counts the ID of an erased event once for 30 days, also when it is sent with another time', async () => {
    clock.advance(1_000);
    const { accepted, duplicates } = await send([event('ann', 'a1', { timestamp: ago(0) })]);
    assert.deepEqual({ accepted, duplicates }, { accepted: 0, duplicates: 1 });
  });

  it('erases again, and someone unknown, with 200: their events may be on their way', async () => {
    for (const events of [1, 0]) {
      const { status, body } = await erase('ann');
      assert.equal(status, 200);
      assert.equal(body.erased.events, events);
    }
    const { status, body } = await erase('nobody here');
    assert.deepEqual([status, body.erased], [200, { events: 0, app_user_ids: 0 }]);
    const { rejected } = await send([event('nobody here', 'n1')]);
    assert.equal(rejected[0].code, 'user_erased');
  });

  it('rejects events up to the latest erased one, which may be dated ahead of the server', async () => {
    const ahead = new Date(clock.now() + 30 * 60_000).toISOString();
    await send([event('cas', 'c1', { timestamp: ahead })]);
    assert.equal((await erase('cas')).body.erased.events, 1);
    const { rejected, accepted } = await send([
      event('cas', 'c2', { timestamp: ahead }),
      event('cas', 'c3', { timestamp: new Date(Date.parse(ahead) + 1).toISOString() }),
    ]);
    assert.deepEqual([rejected.length, accepted], [1, 1]);
  });

  it('erases in every app with app_id=all, and needs an app if there are several', async () => {
    await send([event('dan', 'd1')]);
    await send([event('dan', 'd2')], { app_id: secondId });
    assert.equal((await erase('dan', '')).body.code, 'app_required');
    const narrow = await makeKey(api, { type: 'server', app_ids: [secondId] });
    assert.equal((await erase('dan', `?app_id=${app_id}`, narrow.key)).body.code, 'app_not_allowed');
    assert.deepEqual((await erase('dan', '?app_id=all', narrow.key)).body.app_ids, [secondId]);
    assert.deepEqual(await idsOf('dan'), ['d1']);
    const { body } = await erase('dan', '?app_id=all');
    assert.deepEqual([body.app_ids.sort(), body.erased.events], [[app_id, secondId].sort(), 1]);
    assert.deepEqual(await idsOf('dan'), []);
    const refused = await api.call('GET', `/v1/erasures/${body.id}`, { key: narrow.key });
    assert.equal(refused.status, 404);
  });

  it('finds the person in every app, whatever ID is linked there, and no one who only shares a device', async () => {
    const link = (to: string, from: string, id: string) => ({
      ...event(to, id, { properties: { anonymous_id: from } }),
      event_name: '$identify',
    });
    await send([event('dev-1', 'x1'), link('gil', 'dev-1', 'x2')]);
    await send([event('dev-2', 'x3'), event('gil', 'x4'), link('gil', 'dev-2', 'x5')], { app_id: secondId });
    // The first device of gil belongs to someone else in the other app.
    await send([event('hal', 'x6'), link('hal', 'dev-1', 'x7')], { app_id: secondId });
    await erase('gil', '?app_id=all');
    assert.deepEqual(await idsOf('gil'), []);
    assert.deepEqual(await idsOf('dev-2'), []);
    assert.deepEqual(await idsOf('hal'), ['x6', 'x7']);
    await send([event('dev-3', 'y1'), link('ivy', 'dev-3', 'y2')]);
    await send([event('dev-4', 'y3'), link('ivy', 'dev-4', 'y4')], { app_id: secondId });
    await erase('dev-3', '?app_id=all');
    for (const id of ['dev-3', 'dev-4', 'ivy']) assert.deepEqual(await idsOf(id), [], id);
  });

  it('erases the person in the profile of an ID everywhere, and in each app the person that the ID belongs to there', async () => {
    const link = (to: string, id: string) => ({
      ...event(to, id, { properties: { anonymous_id: 'dev-5' } }),
      event_name: '$identify',
    });
    await send([event('dev-5', 'z1'), link('kim', 'z2'), event('leo', 'z3')]);
    await send([event('dev-5', 'z4'), link('leo', 'z5'), event('kim', 'z6')], { app_id: secondId });
    const [shown, other] = app_id < secondId ? ['kim', 'leo'] : ['leo', 'kim'];
    const { body } = await api.call('GET', '/v1/users/dev-5?app_id=all', { key });
    assert.equal(body.app_user_id, shown);
    await erase('dev-5', '?app_id=all');
    assert.deepEqual(await idsOf(shown), []);
    assert.deepEqual(await idsOf('dev-5'), []);
    // In the app in which the ID is not theirs, they stay.
    assert.deepEqual(await idsOf(other), [other === 'leo' ? 'z3' : 'z6']);
  });

  it('erases no one else when it is repeated for an ID that was erased and has no event since', async () => {
    const link = (to: string, from: string, id: string, more = {}) => ({
      ...event(to, id, { properties: { anonymous_id: from }, ...more }),
      event_name: '$identify',
    });
    await send([event('dev-6', 'r1'), link('mia', 'dev-6', 'r2', { timestamp: ago(120_000) })]);
    // Without effect as long as the device is of mia.
    await send([event('ned', 'r3'), link('ned', 'dev-6', 'r4')]);
    await send([event('ned', 'r5')], { app_id: secondId });
    assert.equal((await erase('mia', '?app_id=all')).body.erased.events, 2);
    const { body: profile } = await api.call('GET', `/v1/users/dev-6?app_id=${app_id}`, { key });
    assert.equal(profile.app_user_id, 'ned');
    for (const query of [`?app_id=${app_id}`, '?app_id=all']) {
      const { body } = await erase('dev-6', query);
      assert.deepEqual(body.erased, { events: 0, app_user_ids: 0 });
      assert.deepEqual(await idsOf('ned'), ['r3', 'r4', 'r5']);
    }
    clock.advance(1_000);
    await send([event('dev-6', 'r6', { timestamp: ago(0) })]);
    assert.equal((await erase('dev-6', `?app_id=${app_id}`)).body.erased.events, 3);
    assert.deepEqual(await idsOf('dev-6'), []);
    assert.deepEqual(await idsOf('ned'), ['r5']);
  });

  it('shows the person whose link to an erased ID takes effect then, by their own ID, and nothing of the erased one', async () => {
    const link = (to: string, id: string, more: object) => ({
      ...event(to, id, { properties: { anonymous_id: 'dev-7', ...more } }),
      event_name: '$identify',
    });
    const readProfile = async () => (await api.call('GET', `/v1/users/dev-7?app_id=${app_id}`, { key })).body;
    const earlier = { timestamp: ago(120_000), context: { country: 'FI' } };
    await send([
      { ...event('dev-7', 'pi1'), ...earlier },
      { ...link('ola', 'pi2', { $set: { plan: 'pro' } }), ...earlier },
    ]);
    await send([event('pia', 'pi3'), link('pia', 'pi4', {})]);
    assert.deepEqual((await readProfile()).ids, ['ola', 'dev-7']);
    await erase('ola');
    const profile = await readProfile();
    assert.deepEqual([profile.app_user_id, profile.ids], ['pia', ['pia', 'dev-7']]);
    assert.deepEqual([profile.events, profile.properties, profile.first.country], [1, {}, null]);
    assert.equal(Date.parse(profile.first_seen), clock.now() - 60_000);
    assert.equal(profile.link_conflicts, 0);
  });

  it('leaves no sample of rejected events with an ID, of events before and after, with and without an app', async () => {
    const wrong = (id: string, more = {}) => ({
      ...event('jo-secret', id),
      properties: { revenue: '9,99 €' },
      ...more,
    });
    const sendWrong = () => send([wrong('s1'), wrong('s2', { app_id: 'app_unknown' })]);
    await sendWrong();
    const read = async () => (await api.call('GET', '/v1/ingestion/samples?limit=200', { key })).text;
    assert.ok((await read()).includes('jo-secret'));
    await erase('jo-secret', '?app_id=all');
    assert.ok(!(await read()).includes('jo-secret'));
    await sendWrong();
    assert.ok(!(await read()).includes('jo-secret'));
  });

  it('leaves no ID in the audit log and the control database', async () => {
    await send([event('eve-secret-id', 'e1')]);
    const { body } = await erase('eve-secret-id');
    const { body: log } = await api.call('GET', '/v1/audit-log?action=user.erased', { key });
    const [entry] = log.data;
    assert.deepEqual(entry.diff.erasure_id, [null, body.id]);
    assert.match(entry.target, /^[\w-]{22}$/);
    assert.equal(JSON.stringify(log).includes('eve-secret-id'), false);
    assert.equal((await erase('eve-secret-id')).status, 200);
    const again = await api.call('GET', '/v1/audit-log?action=user.erased', { key });
    assert.equal(again.body.data[0].target, entry.target);
    assert.equal(entry.project_id, undefined, project_id);
  });
});
