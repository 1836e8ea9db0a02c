import assert from 'node:assert/strict';
import { callWhenFree } from '../../support/call-when-free.ts';
import { until } from '../../support/until.ts';
import { attempt, type Target } from './load.ts';
import { noteErased, type Sent } from './sent.ts';

/** Erases people, one after another. */
export type Erasures = {
  /** Erases the person of `sent.erasing`. Returns once that is done, or the server is gone. */
  erase(target: Target, sent: Sent): Promise<void>;
  /** Waits for the erasure if it was requested, and requests it if not: nothing else may finish it. */
  finish(target: Target, sent: Sent): Promise<void>;
};

/** Returns what erases people of an app, and knows which erasures were requested. */
export function createErasures(appId: string): Erasures {
  const requested = new Set<string>();
  /** The erasure of `sent.erasing`, if it is known. */
  let current: string | undefined;

  async function request(target: Target, { erasing }: Sent): Promise<string | undefined> {
    const answer = await attempt(target, 'DELETE', `/v1/users/${erasing[0]}?app_id=${appId}`);
    if (answer === undefined) return undefined;
    assert.ok(answer.status === 200 || answer.status === 202, answer.text);
    return answer.body.id;
  }

  /** The audit log says whether a request without an answer was stored. */
  async function findUnanswered(target: Target): Promise<string | undefined> {
    const { body } = await callWhenFree(
      target.api,
      'GET',
      '/v1/audit-log?action=user.erased&limit=200',
      target,
    );
    const entries: { diff: { erasure_id: [null, string] } }[] = body.data;
    const ids = entries.map(({ diff }) => diff.erasure_id[1]);
    for (const id of requested) assert.ok(ids.includes(id), `the audit log has ${id}`);
    return ids.find((id) => !requested.has(id));
  }

  async function follow(target: Target, sent: Sent, id: string): Promise<void> {
    requested.add(id);
    current = id;
    let isGone = false;
    await until('the person is erased', async () => {
      const answer = await attempt(target, 'GET', `/v1/erasures/${id}`);
      isGone = answer === undefined;
      return isGone || answer?.body.status === 'done';
    });
    if (isGone) return;
    noteErased(sent);
    sent.answers += 1;
    current = undefined;
  }

  return {
    async erase(target, sent) {
      const id = await request(target, sent);
      if (id !== undefined) await follow(target, sent, id);
    },
    async finish(target, sent) {
      const unanswered = await findUnanswered(target);
      if (sent.erasing.length === 0) return assert.equal(unanswered, undefined);
      const id = current ?? unanswered ?? (await request(target, sent));
      assert.ok(id, 'the erasure is requested');
      await follow(target, sent, id);
    },
  };
}
