import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Control } from '../control/control.ts';
import { PROGRAM } from '../lib/program.ts';
import { findEventCount } from './event-count.ts';
import { readMoved } from './moved.ts';

/** The setting that says that events are on a server. */
export const EVENT_SERVER = { name: 'event_server', value: 'clickhouse' } as const;

/** Returns why events are elsewhere than the configuration says, and what to do, because they would seem to be gone; undefined if they are not. */
export async function findPlaceProblem(
  control: Pick<Control, 'db'>,
  { clickhouseUrl }: Pick<Config, 'clickhouseUrl'>,
  eventsDir: string,
): Promise<string | undefined> {
  const { db } = control;
  const mark = await db
    .selectFrom('settings')
    .select('value')
    .where('name', '=', EVENT_SERVER.name)
    .executeTakeFirst();
  if (clickhouseUrl === undefined)
    return mark === undefined
      ? undefined
      : 'The events of this installation are on a ClickHouse server. Set CLICKHOUSE_URL, or start over in another data folder.';
  if (readMoved(dirname(eventsDir))?.events) return undefined;
  const hasEvents = existsSync(join(eventsDir, 'metadata'));
  if (!hasEvents && (mark !== undefined || (await findEventCount(control)) === 0)) return undefined;
  const where = hasEvents ? eventsDir : 'the data folder of another machine';
  return (
    `CLICKHOUSE_URL is set, but there are events in ${where}. Unset CLICKHOUSE_URL to use them, or move them with \`${PROGRAM} move\`. ` +
    'To start over on the server, use another data folder and control database.'
  );
}

/** Remembers that events are on a server. Rejects with StorageError. */
export async function markEventServer({
  control: { db, whenStorable },
}: {
  control: Pick<Control, 'db' | 'whenStorable'>;
}): Promise<void> {
  await whenStorable(() =>
    db
      .insertInto('settings')
      .values(EVENT_SERVER)
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
  );
}
