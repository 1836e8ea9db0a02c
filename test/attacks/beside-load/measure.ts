import { setTimeout as sleep } from 'node:timers/promises';
import { ATTACKS } from '../all.ts';
import type { Target } from '../attack.ts';
import type { IngestOrder, IngestResult, ViewOrder, ViewResult } from './orders.ts';
import { type ProcessFigures, readFigures, watchProcess } from './process-figures.ts';
import { startWorker, type Worker } from './worker.ts';

/** How normal load went in one phase, and what the server's process used at most. */
export type Phase = { ingest: IngestResult; view: ViewResult; highest: ProcessFigures };

/** Normal load alone and beside the attacks, and what each attacker reports. */
export type Measured = {
  fullSpeed: IngestResult;
  alone: Phase;
  attacked: Phase;
  attackers: string[];
  before: ProcessFigures;
  after: ProcessFigures;
};

/** What to measure. Everything but `attackedSeconds` is the same for both phases. */
export type Plan = {
  pid: number;
  target: Target;
  ingest: Pick<IngestOrder, 'url' | 'appId' | 'keys'>;
  view: Omit<ViewOrder, 'seconds'>;
  aloneSeconds: number;
  attackedSeconds: number;
};

const FULL_SPEED_SECONDS = 10;
/** Until all connections of the attackers are closed: some have sent more than is read of a refused body. */
const CLOSED_WITHIN_MS = 90_000;
/** Connections that normal load has opened meanwhile. */
export const DESCRIPTORS_LEFT_MAX = 100;

/** Measures the full speed, then normal load at half of it: first alone, then beside all attacks. */
export async function measure(plan: Plan): Promise<Measured> {
  const [ingest, viewer] = [startWorker('ingest.ts'), startWorker('viewer.ts')];
  const attackers = ATTACKS.map((_, index) => startWorker('attacker.ts', String(index)));
  try {
    const fullSpeed = await ingest.ask<IngestResult>({ ...plan.ingest, seconds: FULL_SPEED_SECONDS });
    if (fullSpeed.perSecond === 0)
      throw new Error(`Nothing was stored: ${JSON.stringify(fullSpeed.statuses)}`);
    const perSecond = fullSpeed.perSecond / 2;
    const run = async (seconds: number): Promise<Phase> => {
      const watch = watchProcess(plan.pid);
      const [ingested, viewed] = await Promise.all([
        ingest.ask<IngestResult>({ ...plan.ingest, seconds, perSecond }),
        viewer.ask<ViewResult>({ ...plan.view, seconds }),
      ]);
      return { ingest: ingested, view: viewed, highest: watch.stop() };
    };
    const alone = await run(plan.aloneSeconds);
    const before = readFigures(plan.pid);
    const reports = attackers.map((attacker) => attacker.ask<{ line: string }>(plan.target));
    const attacked = await run(plan.attackedSeconds);
    const lines = await stopAttackers(attackers, reports);
    const end = performance.now() + CLOSED_WITHIN_MS;
    const isOpen = () => readFigures(plan.pid).descriptors > before.descriptors + DESCRIPTORS_LEFT_MAX;
    while (isOpen() && performance.now() < end) await sleep(1_000);
    return { fullSpeed, alone, attacked, attackers: lines, before, after: readFigures(plan.pid) };
  } finally {
    await Promise.all([ingest, viewer, ...attackers].map((worker) => worker.stop()));
  }
}

const STOP_MS_MAX = 20_000;

async function stopAttackers(
  attackers: readonly Worker[],
  reports: readonly Promise<{ line: string }>[],
): Promise<string[]> {
  for (const attacker of attackers) attacker.tell({});
  const late = (index: number) =>
    sleep(STOP_MS_MAX, { line: `${ATTACKS[index]?.name} did not stop.` }, { ref: false });
  const all = await Promise.all(reports.map((report, index) => Promise.race([report, late(index)])));
  return all.map(({ line }) => line);
}
