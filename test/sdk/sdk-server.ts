import { StorageError } from '../../src/lib/errors.ts';
import { denied } from '../../src/limits/verdict.ts';
import { connect, initProject, makeConfig, stopBeforeRemoval } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';
import { listStoredEvents, type StoredEvent } from '../support/stored-events.ts';

/** What a server does to the next batches, each of which uses up one: `none` stores it. */
export type Fault = 'over_limit' | 'unavailable' | 'none';

/** Starts a server whose next batches can be refused, by the key that sends them. One per test file. */
export async function startSdkServer() {
  const config = makeConfig();
  const faults = new Map<string, Fault[]>();
  const take = (keyId: string, fault: Fault): boolean => {
    const waiting = faults.get(keyId) ?? [];
    if (waiting[0] !== fault) return false;
    waiting.shift();
    return true;
  };
  const { url, services, stop } = await startOpenServer(config, undefined, ({ limiter, warehouse }) => ({
    limiter: {
      ...limiter,
      peek: (payer) => (take(payer.keyId, 'over_limit') ? DENIED : limiter.peek(payer)),
    },
    warehouse: {
      ...warehouse,
      async append(rows) {
        const keyId = rows[0]?.key_id ?? '';
        if (take(keyId, 'unavailable')) throw new StorageError('unavailable', 'injected');
        take(keyId, 'none');
        return warehouse.append(rows);
      },
    },
  }));
  stopBeforeRemoval(config.dataDir, stop);
  const api = connect(url);
  /** Creates a project, and returns its keys, with what to do to the next batches of its client key. */
  async function addProject(): Promise<SdkProject> {
    const { client_key, server_key, app_id } = await initProject(config);
    const { body } = await api.call('GET', '/v1/api-keys/self', { key: client_key });
    const waiting: Fault[] = [];
    faults.set(body.id, waiting);
    const list = () => listStoredEvents(api, server_key, app_id);
    return { clientKey: client_key, serverKey: server_key, keyId: body.id, faults: waiting, list };
  }
  return { ...api, services, addProject };
}

/** A project with one app, and the events that were stored in it. */
export type SdkProject = {
  clientKey: string;
  serverKey: string;
  keyId: string;
  faults: Fault[];
  list: () => Promise<StoredEvent[]>;
};

/** What a key over its limit gets: wait one second. */
const DENIED = denied('events-requests', 'events', 1_000);
