import type { Connection, OpenConnection } from './connection.ts';

/** A connection that is replaced whenever a statement on it fails. */
export type RenewedConnection = {
  run<T>(statement: (connection: Connection) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

/** Runs each statement once it has its connection. */
export type Watch = <T>(statement: () => Promise<T>) => Promise<T>;

/** Opens `size` connections in parallel, because each takes a while. When one fails, none stays open. */
export async function openConnections(
  open: OpenConnection,
  size: number,
  watch: Watch,
): Promise<RenewedConnection[]> {
  const attempts = await Promise.allSettled(Array.from({ length: size }, () => open()));
  const connections = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
  const failed = attempts.find((attempt) => attempt.status === 'rejected');
  if (failed === undefined) return connections.map((connection) => renew(open, connection, watch));
  await Promise.allSettled(connections.map((connection) => connection.close()));
  throw failed.reason;
}

function renew(open: OpenConnection, first: Connection, watch: Watch): RenewedConnection {
  let connection: Connection | undefined = first;
  async function run<T>(statement: (connection: Connection) => Promise<T>): Promise<T> {
    connection ??= await open();
    const used = connection;
    try {
      return await statement(used);
    } catch (error) {
      // Half an answer may be left in it. The next one opens before this one closes, so that the
      // engine never stops in between; when it cannot open, the next statement tries again.
      connection = await open().catch(() => undefined);
      await used.close().catch(() => undefined);
      throw error;
    }
  }
  return {
    run: (statement) => watch(() => run(statement)),
    async close() {
      await connection?.close();
    },
  };
}
