import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import type { ChainEnd } from '../../../src/audit/chain.ts';
import { DAY_MS } from '../../../src/lib/durations.ts';
import { initByCli, runCli, type ServerProcess, startServerProcess } from '../../support/child-processes.ts';
import { findFreePort } from '../../support/free-port.ts';
import { LIMITS_OFF } from '../../support/harness.ts';
import { until } from '../../support/until.ts';
import { rangeOf, requireMetrics, requireStored, type Scope, TIMEZONE } from './check-stored.ts';
import { createDraw, createUntouched, DAYS, type Draw } from './draw-events.ts';
import { createErasures, type Erasures } from './erasures.ts';
import { finishImport, startImport, untilImporting } from './imported.ts';
import { createKeys, type Keys } from './key-changes.ts';
import { sendBatch, sendEvents, type Target } from './load.ts';
import { requireControl, requireRebuilt } from './require-intact.ts';
import { createSent, idsOfPerson, type Sent } from './sent.ts';

/** What all rounds share. */
type Run = {
  env: Record<string, string>;
  dataDir: string;
  key: string;
  scope: Scope;
  sent: Sent;
  keys: Keys;
  erasures: Erasures;
  auditEnd: ChainEnd | undefined;
};

/**
 * Runs many rounds on one data folder and address. In each, the server is killed at a random moment under a mixed load: single events,
 * batches with duplicates, links, an erasure, an import, and keys that are created, rotated and revoked. It is started again, and must
 * have everything that it acknowledged. Then what was not answered is sent again, and everything is compared with a plain count.
 * `report` gets the seed of what is sent; when the server is killed depends on the machine too.
 */
export async function runCrashRounds(
  dataDir: string,
  rounds: number,
  report: (sentence: string) => void,
): Promise<void> {
  const seed = String(Date.now());
  report(`seed ${seed}`);
  const env = { ...LIMITS_OFF, APPFLOW_DATA_DIR: dataDir, PORT: String(await findFreePort()) };
  const { server_key: key, app_id: appId } = await initByCli(env);
  // Yesterday, so that no day ends while metrics are compared.
  const endMs = Date.now() - DAY_MS;
  const scope = rangeOf(appId, DAYS, endMs);
  const [sent, keys, erasures] = [createSent(), createKeys(), createErasures(appId)];
  const run: Run = { env, dataDir, key, scope, sent, keys, erasures, auditEnd: undefined };
  let server = await startServerProcess(env);
  try {
    const zone = { key, body: { timezone: TIMEZONE } };
    assert.equal((await server.call('PATCH', `/v1/apps/${appId}`, zone)).status, 200);
    for (let round = 1; round <= rounds; round++) {
      const draw = createDraw(appId, `${seed}.${round}`, endMs);
      server = await killAndStart(run, server, draw, round);
      await requireAll(run, server);
      report(
        `round ${round}: ${sent.answers} answers and ${sent.acknowledged.size} events so far, ${sent.erased.size} IDs erased`,
      );
    }
    assert.equal(await server.stop(), 0);
    await requireRebuilt(dataDir);
    server = await startServerProcess(env);
    await requireAll(run, server);
  } finally {
    await server.kill();
  }
  const { stdout, code } = await runCli(['doctor'], env);
  assert.equal(code, 0, stdout);
}

/** Runs the load until the server is killed, and returns the one that runs after it, once the load has finished. */
async function killAndStart(
  run: Run,
  server: ServerProcess,
  draw: Draw,
  round: number,
): Promise<ServerProcess> {
  const { sent, keys, erasures, key, env, dataDir } = run;
  sent.erasing = idsOfPerson(sent, draw.user(createUntouched(sent)));
  const target = { api: server, key };
  const killing = new AbortController();
  const importing = startImport({ ...run, url: server.url }, sent, draw);
  const loads = [
    ...[1, 1, 60].map((sizeMax) => sendEvents(target, sent, draw, sizeMax)),
    keys.change(target, sent, draw),
    untilAnswers(sent, draw.below(200), killing.signal).then(() => erasures.erase(target, sent)),
  ];
  await untilAnswers(sent, 100 + draw.below(200), killing.signal);
  const isImportKilled = round % 2 === 0;
  if (!isImportKilled) await untilImporting(dataDir, importing);
  // Not right after an answer, but anywhere during what follows.
  await setTimeout(draw.random() * 20);
  if (isImportKilled) importing.command.child.kill('SIGKILL');
  killing.abort();
  await server.kill();
  await Promise.all(loads);
  if (round % 3 === 0) await killWhileStarting(env, 300 + draw.below(1_500));
  const next = await startServerProcess(env);
  const after = { api: next, key };
  await requireReady(after);
  await requireStored(after, run.scope, sent);
  await keys.require(after);
  await finishImport(sent, importing, isImportKilled);
  const unknown = [...sent.unknown.values()];
  if (unknown.length > 0) assert.ok(await sendBatch(after, sent, unknown, true));
  await keys.finish(after);
  await erasures.finish(after, sent);
  return next;
}

/** Waits for this many answers more, or until the server is being killed. */
async function untilAnswers(sent: Sent, count: number, killing: AbortSignal): Promise<void> {
  const enough = sent.answers + count;
  await until(`${count} answers`, () => sent.answers >= enough || killing.aborted);
}

/** Starts a server and kills it after some time, which may be before or after it is ready. */
async function killWhileStarting(env: Record<string, string>, afterMs: number): Promise<void> {
  const killed = startServerProcess(env, ['timeout', '-s', 'KILL', String(afterMs / 1_000)]);
  await killed.then(
    ({ child }) =>
      new Promise<void>(
        (resolve) =>
          void (child.exitCode === null && child.signalCode === null
            ? child.once('exit', resolve)
            : resolve()),
      ),
    (error) => assert.match(String(error), /ended before it listened/),
  );
}

async function requireReady({ api }: Target): Promise<void> {
  let text = '';
  // On a busy machine, a server may be overloaded for a while. Anything else is a fault.
  await until('the server is ready', async () => {
    const { body } = await api.call('GET', '/readyz');
    text = JSON.stringify(body);
    const others = body.warnings.filter((warning: string) => !/overloaded|busy|keep up/i.test(warning));
    assert.deepEqual(body.status === 'ok' ? [] : others, []);
    return body.status === 'ok';
  }).catch((error) => assert.fail(`${error} ${text}`));
}

/** Checks everything, after the load has finished. */
async function requireAll(run: Run, server: ServerProcess): Promise<void> {
  const { sent, keys, scope, key, dataDir } = run;
  const target = { api: server, key };
  assert.deepEqual([sent.unknown.size, sent.erasing.length], [0, 0]);
  await requireReady(target);
  await requireStored(target, scope, sent);
  await keys.require(target);
  await requireMetrics(target, scope, sent);
  run.auditEnd = await requireControl(dataDir, run.auditEnd);
}
