import { randomBytes } from 'node:crypto';
import type { Initialized } from '../../src/cli/init-text.ts';
import { initByCli, type ServerProcess, startServerProcess } from './child-processes.ts';
import { startFront } from './clickhouse-front.ts';
import { findFreePort } from './free-port.ts';
import { LIMITS_OFF, makeTempDir } from './harness.ts';
import { makeDatabase, runOnServer } from './postgres.ts';
import { until } from './until.ts';

/** A node, and where others reach it. */
export type TestNode = ServerProcess & { nodeUrl: string };

/** Servers that nodes share, with one project. */
export type Cluster = {
  project: Initialized;
  env: Record<string, string>;
  /** Starts another node. The first one stores the events, soon after it listens. */
  start: (env?: Record<string, string>) => Promise<TestNode>;
  /** Returns the lease of the node that stores events, and where it is. Waits until there is one. */
  findOwner: () => Promise<{ holder: string; nodeUrl: string }>;
};

/** Makes an empty database and event server, and a project. */
export async function makeCluster(env: Record<string, string> = {}): Promise<Cluster> {
  const shared = {
    DATABASE_URL: makeDatabase(),
    CLICKHOUSE_URL: startFront(),
    APPFLOW_SECRET: randomBytes(32).toString('hex'),
    LOG_LEVEL: 'silent',
    ...LIMITS_OFF,
    ...env,
  };
  const project = await initByCli({ ...shared, APPFLOW_DATA_DIR: makeTempDir() });
  const readLease = async () => {
    const [rows = []] = await runOnServer(
      ["SELECT holder, address FROM leases WHERE name = 'events'"],
      shared.DATABASE_URL,
    );
    return rows[0] as { holder: string; address: string | null } | undefined;
  };
  return {
    project,
    env: shared,
    async start(more = {}) {
      const nodeUrl = `http://127.0.0.1:${await findFreePort()}`;
      const own = { APPFLOW_DATA_DIR: makeTempDir(), APPFLOW_NODE_URL: nodeUrl };
      return { ...(await startServerProcess({ ...shared, ...own, ...more })), nodeUrl };
    },
    async findOwner() {
      let lease: Awaited<ReturnType<typeof readLease>>;
      await until('a node stores events', async () => {
        lease = await readLease();
        return lease?.address != null;
      });
      return { holder: lease?.holder ?? '', nodeUrl: lease?.address ?? '' };
    },
  };
}
