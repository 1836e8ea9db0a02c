import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type Browser, join, PASSWORD, setUp, signIn, stepUp } from '../support/browser.ts';
import { makeClock, startTestServer } from '../support/harness.ts';

const SESSION_MS = 7 * 86_400_000;

const clock = makeClock();
const api = await startTestServer({}, { clock });
const { project_id, server_key } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
await stepUp(owner);
const reader = await join(owner, project_id, 'admin', 'Reader');
const { body: members } = await owner.call('GET', `/app/v1/projects/${project_id}/members`);
const readerId = members.data.find(({ email }: { email: string }) => email === 'reader@example.com').id;
const memberPath = `/app/v1/projects/${project_id}/members/${readerId}`;

/** Opens the live tail with a session. Returns the text received so far, and when the stream ended. */
async function openTail(browser: Browser) {
  const response = await fetch(`${api.url}/app/v1/projects/${project_id}/events/stream`, {
    headers: { cookie: browser.cookie() },
  });
  assert.equal(response.status, 200);
  let text = '';
  const ended = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
    return performance.now();
  })();
  return { text: () => text, ended };
}

async function assertEnds(browser: Browser, change: () => Promise<unknown>, code: string) {
  const tail = await openTail(browser);
  // Longer than two polls, to prove that the stream stays open by itself.
  await wait(700);
  const changedAt = performance.now();
  await change();
  const endedAt = await tail.ended;
  assert.ok(endedAt - changedAt < 1_500, `it ended after ${Math.round(endedAt - changedAt)} ms`);
  assert.match(tail.text(), new RegExp(`event: closed\\ndata: \\{"code":"${code}"\\}`));
}

describe('live tails of members', () => {
  it('streams new events', async () => {
    const tail = await openTail(reader);
    const events = [{ event_id: 'seen-1', event_name: 'seen', app_user_id: 'u1' }];
    await api.call('POST', '/v1/events', { key: server_key, body: { events } });
    for (let tries = 0; tries < 100 && !tail.text().includes('seen-1'); tries += 1) await wait(50);
    assert.match(tail.text(), /"event_id":"seen-1"/);
    await assertEnds(reader, () => reader.call('POST', '/app/v1/sign-out'), 'not_signed_in');
    await tail.ended;
  });

  it('closes a live tail when its session is ended from another session', async () => {
    const [one, other] = [
      await signIn(api.url, 'reader@example.com'),
      await signIn(api.url, 'reader@example.com'),
    ];
    const { body } = await one.call('GET', '/app/v1/sessions');
    const { id } = body.data.find(({ is_current }: { is_current: boolean }) => is_current);
    await assertEnds(one, () => other.call('DELETE', `/app/v1/sessions/${id}`), 'not_signed_in');
  });

  it('closes live tails when the password changes, except in the session that changed it', async () => {
    const [one, other] = [
      await signIn(api.url, 'reader@example.com'),
      await signIn(api.url, 'reader@example.com'),
    ];
    await stepUp(other);
    const kept = await openTail(other);
    const body = { new_password: PASSWORD };
    await assertEnds(one, () => other.call('POST', '/app/v1/account/password', { body }), 'not_signed_in');
    assert.doesNotMatch(kept.text(), /event: closed/);
    await other.call('POST', '/app/v1/sign-out');
    await kept.ended;
  });

  it('closes a live tail when its session expires', async () => {
    const browser = await signIn(api.url, 'reader@example.com');
    // better-auth starts sessions by the system clock, not by the clock of the test.
    await assertEnds(browser, async () => clock.set(Date.now() + SESSION_MS), 'not_signed_in');
    clock.set(Date.now());
  });

  it('closes a live tail when its member leaves the project', async () => {
    const leaver = await join(owner, project_id, 'analyst', 'Leaver');
    await stepUp(leaver);
    const { body: session } = await leaver.call('GET', '/app/v1/session');
    const path = `/app/v1/projects/${project_id}/members/${session.user.id}`;
    await assertEnds(leaver, () => leaver.call('DELETE', path), 'not_found');
  });

  it('keeps a live tail open through a role change that still allows reading, and closes it when the member is removed', async () => {
    const browser = await signIn(api.url, 'reader@example.com');
    const change = async () => {
      await owner.call('PATCH', memberPath, { body: { role: 'analyst' } });
      await owner.call('DELETE', memberPath);
    };
    await assertEnds(browser, change, 'not_found');
  });
});
