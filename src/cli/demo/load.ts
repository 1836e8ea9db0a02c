import type { Progress } from '../../../client/src/send-all.ts';
import { CLI_ACTOR } from '../../keys/actor.ts';
import { createKey } from '../../keys/create.ts';
import { CLI_MAKER } from '../../keys/maker.ts';
import { revokeKey } from '../../keys/revoke.ts';
import type { ControlServices } from '../../open-services.ts';
import { type Outside, sendEvents, type Target } from '../import/send.ts';
import { type DemoState, saveDemo } from './demo-project.ts';
import { countDemoDays, type DemoEvent, makeDays } from './events.ts';

/** How far a load is: days done of all, and events so far. */
export type LoadProgress = (daysDone: number, days: number, events: number) => void;

/** What a load came to. */
export type Loaded = { accepted: number; duplicates: number };

const LOADER_HOURS = 1;
const HOUR_MS = 3_600_000;
const LOADER_LIMITS = {
  events: { requests: { rate: 10_000, burst: 10_000 }, events: { rate: 1_000_000, burst: 1_000_000 } },
};

/**
 * Sends the events of the demo that happened since the last load, up to `untilMs`, to the server at `url`, as any
 * backend would: with a key of its own, revoked at the end. Throws with the server's words when one is refused.
 */
export async function loadDemo(
  services: ControlServices,
  state: DemoState,
  { url, untilMs }: { url: string; untilMs: number },
  report: LoadProgress,
  signal: AbortSignal,
): Promise<Loaded> {
  const span = { fromMs: state.loadedUntilMs, untilMs };
  const days = countDemoDays(state.stage, span.fromMs, untilMs);
  const loaded: Loaded = { accepted: 0, duplicates: 0 };
  const loader = await createLoader(services, state);
  const target = { url, key: loader.secret, appId: undefined };
  try {
    let daysDone = 0;
    for (const events of makeDays(state.plan, state.stage, span)) {
      const { accepted, duplicates } = await send(target, events, { notify, signal });
      loaded.accepted += accepted;
      loaded.duplicates += duplicates;
      daysDone += 1;
      report(daysDone, days, loaded.accepted + loaded.duplicates);
    }
    await saveDemo(services, { ...state, loadedUntilMs: untilMs });
  } finally {
    await revokeKey(services, loader.key, 'unused', CLI_ACTOR);
  }
  return loaded;
}

async function createLoader(services: ControlServices, { projectId }: DemoState) {
  const project = services.directory.findProject(projectId);
  if (!project) throw new Error(`The project ${projectId} of the demo is not there.`);
  const expires_at = new Date(services.clock.now() + LOADER_HOURS * HOUR_MS).toISOString();
  const scopes = ['events:write' as const];
  const fields = {
    name: 'Demo loader',
    type: 'server' as const,
    scopes,
    expires_at,
    rate_limits: LOADER_LIMITS,
  };
  return createKey(services, project, fields, CLI_MAKER);
}

function send(target: Target, events: readonly DemoEvent[], outside: Outside): Promise<Loaded> {
  const onProgress = ({ rejections: [refused] }: Progress) => {
    if (refused) throw new Error(`An event of the demo was refused: ${refused.message}`);
  };
  return sendEvents(target, events, { onProgress }, outside);
}

const notify = (sentence: string) => process.stderr.write(`${sentence}\n`);
