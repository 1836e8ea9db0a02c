import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';

/** A statement may not have reached the engine yet when it is first killed. */
const AGAIN_MS = 200;

/** Runs a statement on a connection that no statement of a caller can occupy. */
export type Killer = { command(sql: string): Promise<void> };

/** What the marks of this process begin with: others may use the same server. */
export const MARKS = `${randomBytes(6).toString('hex')}-`;

/** The comment a statement begins with. No value can be in front of it, so no caller can name another's statement. */
export const markSql = (mark: string): string => `/* ${mark} */`;

/**
 * Ends the statement that `mark` begins until `isSettled`. Never rejects: a statement that cannot be killed ends at its
 * time limit.
 */
export async function killStatement(control: Killer, mark: string, isSettled: () => boolean): Promise<void> {
  // The engine looks at it between two blocks of rows: measured 5 to 170 ms.
  const sql = `KILL QUERY WHERE startsWith(query, '${markSql(mark)}') ASYNC`;
  while (!isSettled()) {
    await control.command(sql).catch(() => undefined);
    await setTimeout(AGAIN_MS, undefined, { ref: false });
  }
}

/** Ends all marked statements of this process. Rejects with StorageError. */
export const killAll = (control: Killer): Promise<void> =>
  control.command(`KILL QUERY WHERE startsWith(query, '/* ${MARKS}') ASYNC`);
