import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { DAY_MS } from '../../../src/lib/durations.ts';
import {
  rangeOf,
  requireMetrics,
  requireStored,
  type Scope,
  TIMEZONE,
} from '../../storage/crash/check-stored.ts';
import { createDraw, createUntouched, DAYS } from '../../storage/crash/draw-events.ts';
import { createErasures, type Erasures } from '../../storage/crash/erasures.ts';
import { sendBatch, sendEvents } from '../../storage/crash/load.ts';
import { createSent, idsOfPerson, type Sent } from '../../storage/crash/sent.ts';
import type { Api } from '../../support/harness.ts';
import { type Cluster, makeCluster, type TestNode } from '../../support/nodes.ts';
import { until } from '../../support/until.ts';

/** How the node that stores the events ends: it is killed, or frozen until another one has taken over. */
export type End = 'SIGKILL' | 'SIGSTOP';

type Run = {
  cluster: Cluster;
  key: string;
  scope: Scope;
  sent: Sent;
  erasures: Erasures;
  endMs: number;
  seed: string;
};

/**
 * Runs rounds on three nodes that share their servers. In each, the node that stores the events ends at a random moment under a mixed load
 * on all nodes: single events, batches with duplicates, links, and an erasure. Another one takes over and gets what was not answered
 * again; a frozen node wakes up after that. Every node must then have each acknowledged event once, and the metrics of a plain count.
 * `report` gets the seed of what is sent, and how long each takeover took.
 */
export async function runNodeRounds(ends: readonly End[], report: (sentence: string) => void): Promise<void> {
  const cluster = await makeCluster();
  const { server_key: key, app_id: appId } = cluster.project;
  const seed = String(Date.now());
  report(`seed ${seed}`);
  // Yesterday, so that no day ends while metrics are compared.
  const endMs = Date.now() - DAY_MS;
  const scope = rangeOf(appId, DAYS, endMs);
  const run = { cluster, key, scope, sent: createSent(), erasures: createErasures(appId), endMs, seed };
  let nodes = [await cluster.start(), await cluster.start(), await cluster.start()];
  await cluster.findOwner();
  const zone = await nodes[0]?.call('PATCH', `/v1/apps/${appId}`, { key, body: { timezone: TIMEZONE } });
  assert.equal(zone?.status, 200, zone?.text);
  for (const [index, end] of ends.entries()) {
    const { survivors, tookMs } = await endOwner(run, nodes, index, end);
    const { acknowledged, erased } = run.sent;
    report(
      `${end} ${index + 1}: ${(tookMs / 1_000).toFixed(1)} s without an owner, ${acknowledged.size} events so far, ${erased.size} IDs erased`,
    );
    nodes = [...survivors, await cluster.start()];
    for (const api of nodes) await requireAll(run, api);
  }
}

/** Ends the owner under load, and has another node finish what was not answered. Returns the nodes that remain. */
async function endOwner(
  { cluster, key, sent, erasures, endMs, seed, scope }: Run,
  nodes: readonly TestNode[],
  index: number,
  end: End,
): Promise<{ survivors: TestNode[]; tookMs: number }> {
  const { nodeUrl } = await cluster.findOwner();
  const owner = nodes.find((node) => node.nodeUrl === nodeUrl) ?? assert.fail(nodeUrl);
  const survivors = nodes.filter((node) => node !== owner);
  const [first = assert.fail()] = survivors;
  const draw = createDraw(scope.appId, `${seed}.${index}`, endMs);
  sent.erasing = idsOfPerson(sent, draw.user(createUntouched(sent)));
  const cut = cutOff(owner);
  const loads = [cut.api, ...survivors].flatMap((api) =>
    [1, 40].map((sizeMax) => sendEvents({ api, key }, sent, draw, sizeMax)),
  );
  const enough = (count: number) => until(`${count} answers`, () => sent.answers >= count);
  const before = sent.answers;
  const startedErasing = enough(before + draw.below(200)).then(() =>
    erasures.erase({ api: first, key }, sent),
  );
  await enough(before + 200 + draw.below(200));
  // Not right after an answer, but anywhere during what follows.
  await setTimeout(draw.random() * 20);
  owner.child.kill(end);
  cut.end();
  const startedMs = performance.now();
  await Promise.all(loads);
  await requireOnlyEventsRefused(first, key);
  await until('another node stores events', async () => (await cluster.findOwner()).nodeUrl !== nodeUrl);
  await until('what was not answered is stored', async () => {
    const unknown = [...sent.unknown.values()].slice(0, 100);
    if (unknown.length > 0) await sendBatch({ api: first, key }, sent, unknown, true);
    return sent.unknown.size === 0;
  });
  const tookMs = performance.now() - startedMs;
  owner.child.kill('SIGCONT');
  await until('the node has ended', () => owner.child.exitCode !== null || owner.child.signalCode !== null);
  await startedErasing;
  assert.equal(sent.unknown.size, 0);
  await erasures.finish({ api: first, key }, sent);
  return { survivors, tookMs };
}

/** While no node stores events, clients are asked to send them again later, and queries are answered. */
async function requireOnlyEventsRefused(api: Api, key: string): Promise<void> {
  const { status, headers } = await api.call('POST', '/v1/events', {
    key,
    body: { events: [{ event_id: 'refused', event_name: 'app_open', app_user_id: 'refused' }] },
  });
  assert.equal(status, 503);
  assert.ok(Number(headers.get('retry-after')) >= 1);
  assert.equal((await api.call('GET', '/v1/analytics/live', { key })).status, 200);
}

/** Returns an API whose requests get no answer from `end` on, as those to a process that is gone: a frozen one may answer when it wakes up. */
function cutOff({ url, call }: TestNode): { api: Api; end: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  return {
    api: { url, call: (...request) => Promise.race([call(...request), promise]) },
    // As `fetch` does.
    end: () => reject(new TypeError('The node is gone')),
  };
}

async function requireAll({ key, scope, sent }: Run, api: TestNode): Promise<void> {
  const target = { api, key };
  assert.equal(sent.erasing.length, 0);
  await requireStored(target, scope, sent);
  await requireMetrics(target, scope, sent);
}
