import { CLI_REQUESTER } from '../../api/caller.ts';
import type { Project } from '../../directory/project.ts';
import { createKey } from '../../keys/create.ts';
import { CLI_GRANTOR } from '../../keys/escalation.ts';
import { revokeKey } from '../../keys/revoke.ts';
import { HOUR_MS } from '../../lib/durations.ts';
import type { ControlServices } from '../../server/open-services.ts';
import { sendEvents } from '../import/send.ts';
import { notify } from '../terminal/print.ts';
import { type DemoSink, requireNoneRejected } from './sink.ts';

const LOADER_HOURS = 1;
const LOADER_LIMITS = {
  events: { requests: { rate: 10_000, burst: 10_000 }, events: { rate: 1_000_000, burst: 1_000_000 } },
};

/** Returns a sink that sends to the server at `url` with a temporary key, which is revoked at the end. */
export async function openServerSink(
  services: ControlServices,
  project: Project,
  url: string,
  signal: AbortSignal,
): Promise<DemoSink> {
  const fields = {
    name: 'Demo loader',
    type: 'server' as const,
    scopes: ['events:write' as const],
    expires_at: new Date(services.clock.now() + LOADER_HOURS * HOUR_MS).toISOString(),
    rate_limits: LOADER_LIMITS,
  };
  const { key, secret } = await createKey(services, project, fields, CLI_GRANTOR);
  const target = { url, key: secret, appId: undefined };
  const options = {
    onProgress: ({ rejections }: { rejections: { message: string }[] }) => requireNoneRejected(rejections),
  };
  return {
    store: (events) => sendEvents(target, events, options, { notify, signal }),
    async close() {
      await revokeKey(services, key, 'unused', CLI_REQUESTER);
    },
  };
}
