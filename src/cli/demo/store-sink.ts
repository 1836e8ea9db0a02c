import type { Caller } from '../../api/caller.ts';
import { CLI_ACTOR } from '../../api/caller.ts';
import type { Project } from '../../directory/project.ts';
import type { Scope } from '../../directory/scopes.ts';
import { ingest } from '../../events/ingest/ingest.ts';
import { EVENTS_PER_BATCH_MAX } from '../../limits/policies.ts';
import type { ControlServices } from '../../server/open-services.ts';
import type { DemoEvent } from './events.ts';
import { type DemoSink, type Loaded, requireNoneRejected } from './sink.ts';

/** History is not what was received in this hour: the demo has counts of its own, see `writeDemoIngestion`. */
const UNCOUNTED = { countBatch: () => undefined };

/**
 * Returns a sink that validates events and writes them to the event store as the server does, while no server is running.
 * It needs no temporary key. Throws StorageError if another process has the store open.
 */
export async function openStoreSink(services: ControlServices, project: Project): Promise<DemoSink> {
  // Loaded only here: the engine takes 250 MB of memory.
  const { openEvents } = await import('../../server/open-events.ts');
  await services.requirePair();
  const warehouse = await openEvents(services);
  const caller = operatorOf(project);
  return {
    async store(events) {
      const loaded: Loaded = { accepted: 0, duplicates: 0 };
      const stored = batchesOf(events).map(async (batch) => {
        const answer = await ingest({ ...services, warehouse, ingestion: UNCOUNTED }, caller, {
          app: undefined,
          batch: { events: batch },
          country: undefined,
        });
        requireNoneRejected(answer.rejected);
        loaded.accepted += answer.accepted;
        loaded.duplicates += answer.duplicates;
      });
      await Promise.all(stored);
      return loaded;
    },
    close: () => warehouse.close(),
  };
}

/** Returns the operator as a caller: access to the data folder is authority enough. */
function operatorOf(project: Project): Caller {
  const principal = {
    id: CLI_ACTOR.id,
    projectId: project.id,
    type: 'server',
    granted: new Set<Scope>(['events:write']),
    appIds: null,
    expiresAt: null,
    ipAllowlist: [],
    rateLimits: null,
  } as const;
  return {
    principal,
    project,
    address: '127.0.0.1',
    network: '127.0.0.1',
    actor: CLI_ACTOR,
    recheck: async () => principal,
  };
}

function batchesOf(events: readonly DemoEvent[]): DemoEvent[][] {
  const batches: DemoEvent[][] = [];
  for (let start = 0; start < events.length; start += EVENTS_PER_BATCH_MAX) {
    batches.push(events.slice(start, start + EVENTS_PER_BATCH_MAX));
  }
  return batches;
}
