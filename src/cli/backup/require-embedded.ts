import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { readMoved } from '../../server/moved.ts';
import { UsageError } from '../terminal/usage-error.ts';

const PG_DUMP = 'pg_dump --format=custom --file=appflow-control.dump "$DATABASE_URL"';
const PG_RESTORE = 'pg_restore --dbname="$DATABASE_URL" appflow-control.dump';
const CLICKHOUSE = `clickhouse-client --query "BACKUP DATABASE appflow TO Disk('backups', 'appflow.zip')"`;
const CLICKHOUSE_RESTORE = `clickhouse-client --query "RESTORE DATABASE appflow FROM Disk('backups', 'appflow.zip')"`;

/** Throws UsageError with the commands to use instead if one of the stores is on a server, which has better tools of its own. */
export function requireEmbedded({ dataDir, databaseUrl, clickhouseUrl }: Config): void {
  const [control, events] = [databaseUrl !== undefined, clickhouseUrl !== undefined];
  if (control || events) throw new UsageError(explainServers(control, events));
  if (readMoved(dataDir) !== undefined)
    throw new UsageError(
      `What was in ${dataDir} was moved to servers. Set DATABASE_URL and CLICKHOUSE_URL as the server has them, and run the command again.`,
    );
  if (!existsSync(join(dataDir, 'control.db')))
    throw new UsageError(`There is no installation in ${dataDir}. Choose its folder with --data-dir.`);
}

function explainServers(control: boolean, events: boolean): string {
  const both = control && events;
  const lines = [
    both
      ? 'Projects, keys, people and events are on servers. Back them up with their own tools, events first:'
      : 'One of the two stores is on a server. Stop Appflow, so that both are from the same moment, then:',
    ...(events ? [`  ${CLICKHOUSE}`] : ['  copy the folder events in the data folder']),
    ...(control ? [`  ${PG_DUMP}`] : ['  copy control.db from the data folder']),
    'To restore them into empty databases:',
    ...(events ? [`  ${CLICKHOUSE_RESTORE}`] : []),
    ...(control ? [`  ${PG_RESTORE}`] : []),
    'Keep APPFLOW_SECRET elsewhere: without it, Appflow does not start. See docs/guides/backup.md.',
  ];
  return lines.join('\n');
}
