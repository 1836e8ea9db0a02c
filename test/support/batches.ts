import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import type { Answer, Api } from './harness.ts';
import { until } from './until.ts';

/** Batches of a client that keeps its events until they are acknowledged, and how its requests went. */
export type Batches = {
  /** IDs of events. */
  acknowledged: string[];
  /** Answers 503, each with Retry-After. */
  refused: number;
  /** Requests without an answer. */
  lost: number;
  /** The time from the first attempt of a batch to its acknowledgement, in milliseconds: the longest of all. */
  longestMs: number;
  /** Sends batches until `isOver`, each again until it is acknowledged; each attempt goes to the node that `next` returns. */
  send: (next: () => Api, isOver: () => boolean) => Promise<void>;
  /** Checks that a node has each acknowledged event once, and stores none of the last 100 again. */
  requireEachOnce: (node: Api) => Promise<void>;
};

const PAUSE_MS = 50;

/** Returns batches of `size` events, none of them sent yet. */
export function createBatches(key: string, size: number): Batches {
  let made = 0;
  const toEvent = (event_id: string) => ({
    event_id,
    event_name: 'app_open',
    app_user_id: `user_${event_id.slice(-2)}`,
  });
  const post = (node: Api, ids: readonly string[]) =>
    node.call('POST', '/v1/events', { key, body: { events: ids.map(toEvent) } });

  /** Returns undefined if it must be sent again. */
  async function attempt(node: Api, ids: readonly string[]): Promise<Answer | undefined> {
    // `fetch` fails with a TypeError.
    const answer = await post(node, ids).catch((error) => assert.ok(error instanceof TypeError, error));
    if (answer === undefined) batches.lost += 1;
    else if (answer.status === 200) return answer;
    else {
      assert.equal(answer.status, 503, answer.text);
      assert.ok(Number(answer.headers.get('retry-after')) >= 1);
      batches.refused += 1;
    }
    await setTimeout(PAUSE_MS);
    return undefined;
  }

  const batches: Batches = {
    acknowledged: [],
    refused: 0,
    lost: 0,
    longestMs: 0,
    async send(next, isOver) {
      while (!isOver()) {
        const ids = Array.from({ length: size }, () => `e${made++}`);
        const startedMs = performance.now();
        await until('a batch is acknowledged', async () => (await attempt(next(), ids)) !== undefined);
        batches.longestMs = Math.max(batches.longestMs, performance.now() - startedMs);
        batches.acknowledged.push(...ids);
      }
    },
    async requireEachOnce(node) {
      const { acknowledged } = batches;
      const { body } = await node.call('GET', '/v1/analytics/daily?days=2&metrics=events', { key });
      const events = body.data.reduce((sum: number, day: { events: number }) => sum + day.events, 0);
      assert.equal(events, acknowledged.length);
      const again = acknowledged.slice(-100);
      const answer = await post(node, again);
      assert.deepEqual([answer.body.accepted, answer.body.duplicates], [0, again.length]);
    },
  };
  return batches;
}
