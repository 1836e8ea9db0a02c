import type { Attack, Target } from './attack.ts';

const WORKERS = 5;
/** Long before the answer: an abandoned query must not run on. */
const ABANDON_MS = 700;

/** What reads and holds the most: rankings by a property with a value of its own in each event, and whole exports. */
function listPaths(appId: string): string[] {
  const breakdown = `/v1/analytics/breakdown?app_id=${appId}&days=3650&limit=200`;
  return [
    `${breakdown}&by=property:request&metric=users`,
    `${breakdown}&by=property:note&metric=users`,
    `${breakdown}&by=property:request&metric=events`,
    `/v1/events?app_id=${appId}&property=request:none&property=note:none&property=n:none&format=ndjson`,
    `/v1/events?app_id=${appId}&format=ndjson`,
  ];
}

/** Five expensive queries at a time with one key; every second one is abandoned. */
export const heavyQueries: Attack = { name: 'heavy queries', run };

async function run({ url, serverKey, appId }: Target, signal: AbortSignal): Promise<string> {
  const outcomes = new Map<string, number>();
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const paths = listPaths(appId);
  const headers = { authorization: `Bearer ${serverKey}` };
  async function work(worker: number): Promise<void> {
    for (let round = 0; !signal.aborted; round += 1) {
      const isAbandoned = round % 2 === 1;
      const giveUp = AbortSignal.any([signal, ...(isAbandoned ? [AbortSignal.timeout(ABANDON_MS)] : [])]);
      try {
        const path = paths[(worker + round) % paths.length];
        const response = await fetch(`${url}${path}`, { headers, signal: giveUp });
        await response.body?.pipeTo(new WritableStream());
        count(String(response.status));
      } catch {
        count(giveUp.aborted ? 'abandoned' : 'reset');
      }
    }
  }
  await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)));
  return [...outcomes].map(([outcome, times]) => `${outcome}: ${times}`).join(', ');
}
