import { setTimeout } from 'node:timers/promises';
import type { Config } from '../../config/config.ts';
import { CLI_GRANTOR } from '../../keys/escalation.ts';
import { rotateKey } from '../../keys/rotate.ts';
import { DAY_MS } from '../../lib/durations.ts';
import { openControlServices } from '../../server/open-services.ts';
import { expectedServerUrl } from '../../server/server-url.ts';
import { type DemoState, getDemoProject } from './demo-project.ts';
import { type DemoEvent, makeDays } from './events.ts';
import { randomOf } from './random.ts';

const WAIT_MS_MIN = 1_000;
const WAIT_MS_MAX = 3_000;

/** Returns the URL of the server on this data folder, and a new secret of the demo's key for sending events. */
export async function openFeed(
  config: Config,
  { feedKeyId = '', ...state }: DemoState,
): Promise<{ url: string; key: string }> {
  const services = await openControlServices(config);
  try {
    const project = getDemoProject(services, state);
    const rotation = { grace_seconds: 0, force: true };
    const { secret } = await rotateKey(services, project, feedKeyId, rotation, CLI_GRANTOR);
    return { url: expectedServerUrl(config), key: secret };
  } finally {
    await services.close();
  }
}

/**
 * Sends an event every one to three seconds while the server answers, so that the Live page has something to show. The
 * events repeat those of the last 24 hours. Does not keep the process alive.
 */
export async function feedLive(
  { url, key }: { url: string; key: string },
  state: DemoState,
  nowMs: number,
  wait: (ms: number) => Promise<unknown> = (ms) => setTimeout(ms, undefined, { ref: false }),
): Promise<void> {
  const random = randomOf('feed', nowMs);
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  for (const event of repeatLastDay(state, nowMs)) {
    await wait(WAIT_MS_MIN + Math.floor(random() * (WAIT_MS_MAX - WAIT_MS_MIN)));
    const body = JSON.stringify({ events: [event] });
    const answer = await fetch(`${url}/v1/events`, { method: 'POST', headers, body }).catch(() => undefined);
    // The server is stopping, or the key was revoked.
    if (!answer?.ok) return;
    await answer.body?.cancel();
  }
}

type LiveEvent = Omit<DemoEvent, 'timestamp'>;

/** Yields the last day's events over and over, each time with new ids and without a time, so that they occur now. */
function* repeatLastDay({ plan, stage }: DemoState, nowMs: number): Generator<LiveEvent> {
  const events = [...makeDays(plan, stage, { fromMs: nowMs - DAY_MS, untilMs: nowMs })].flat();
  for (let round = 0; events.length > 0; round += 1) {
    for (const { timestamp: _, ...event } of events) {
      const name = `live-${nowMs}-${round}`;
      yield {
        ...event,
        event_id: `${event.event_id}-${name}`,
        ...(event.session_id && { session_id: `${event.session_id}-${name}` }),
      };
    }
  }
}
