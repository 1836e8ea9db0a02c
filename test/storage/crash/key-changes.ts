import assert from 'node:assert/strict';
import { callWhenFree } from '../../support/call-when-free.ts';
import type { Answer } from '../../support/harness.ts';
import type { Draw } from './draw-events.ts';
import { attempt, type Target } from './load.ts';
import type { Sent } from './sent.ts';

/** A key that was created, the secrets that it had before, and whether it was revoked. */
type KnownKey = { id: string; secret: string; old: string[]; isRevoked: boolean };

/** A change of a key, and what to do once it is acknowledged. Repeating it changes nothing. */
type Change = { send: (target: Target) => Promise<Answer | undefined>; note: (answer: Answer) => void };

/** Creates, rotates and revokes keys, and knows which secrets must work. */
export type Keys = {
  /** Changes keys until the server is gone. */
  change(target: Target, sent: Sent, draw: Draw): Promise<void>;
  /** Finishes the change that was not answered. */
  finish(target: Target): Promise<void>;
  /** Checks that exactly those secrets work that should; the change without an answer aside. */
  require(target: Target): Promise<void>;
};

/** Keys that are neither revoked nor many. */
const KEYS_MAX = 4;

/** Returns no keys. */
export function createKeys(): Keys {
  const keys: KnownKey[] = [];
  let open: (Change & { key: KnownKey | undefined }) | undefined;
  let changes = 0;

  const post = (path: string, body: object) => {
    changes += 1;
    const headers = { 'idempotency-key': `crash-${changes}` };
    return (target: Target) => attempt(target, 'POST', path, { body, headers });
  };

  const create = (): Change => ({
    send: post('/v1/api-keys', { name: 'Crash', type: 'server', scopes: ['events:write'] }),
    note: ({ body }) => void keys.push({ id: body.id, secret: body.key, old: [], isRevoked: false }),
  });

  const rotate = (key: KnownKey): Change => ({
    send: post(`/v1/api-keys/${key.id}/rotate`, { grace_seconds: 0 }),
    note({ body }) {
      key.old.push(key.secret);
      key.secret = body.key;
    },
  });

  const revoke = (key: KnownKey): Change => ({
    send: (target) => attempt(target, 'DELETE', `/v1/api-keys/${key.id}`),
    note() {
      key.isRevoked = true;
    },
  });

  function draw({ random, below }: Draw): Change & { key: KnownKey | undefined } {
    const live = keys.filter(({ isRevoked }) => !isRevoked);
    const key = live[below(live.length)];
    if (key === undefined) return { ...create(), key };
    const isNew = live.length < KEYS_MAX && random() < 0.5;
    if (isNew) return { ...create(), key: undefined };
    return { ...(random() < 0.7 ? rotate(key) : revoke(key)), key };
  }

  async function run(target: Target, change: Change): Promise<boolean> {
    const answer = await change.send(target);
    if (answer === undefined) return false;
    assert.ok(answer.status === 200 || answer.status === 201, answer.text);
    change.note(answer);
    return true;
  }

  return {
    async change(target, sent, drawing) {
      do open = draw(drawing);
      while ((await run(target, open)) && ++sent.answers);
    },
    async finish(target) {
      if (open !== undefined) assert.ok(await run(target, open), 'the change is finished');
      open = undefined;
    },
    async require({ api }) {
      const expected = keys.flatMap(({ id, secret, old, isRevoked }) => [
        ...old.map((one) => [one, 401, `an old secret of ${id}`] as const),
        // Of a change that was not answered, either state is right.
        ...(open?.key?.id === id ? [] : [[secret, isRevoked ? 401 : 200, `the secret of ${id}`] as const]),
      ]);
      const work = async () => {
        for (let next = expected.pop(); next !== undefined; next = expected.pop()) {
          const [key, status, what] = next;
          assert.equal((await callWhenFree(api, 'GET', '/v1/api-keys/self', { key })).status, status, what);
        }
      };
      await Promise.all(Array.from({ length: 8 }, work));
    },
  };
}
