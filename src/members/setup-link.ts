import { insertLink } from '../accounts/one-time-link.ts';
import type { Control } from '../control/open.ts';
import type { Clock } from '../lib/clock.ts';

/** Whether somebody has an account here. */
export async function hasAccounts({ control }: { control: Control }): Promise<boolean> {
  const row = await control.db.selectFrom('people').select('id').limit(1).executeTakeFirst();
  return row !== undefined;
}

/**
 * Returns the token of a new setup link, and voids the one before; undefined when there is an account. Called at every
 * start: whoever sees the server's output may make the first account, and nobody else.
 */
export async function renewSetupLink({
  control,
  clock,
}: {
  control: Control;
  clock: Clock;
}): Promise<string | undefined> {
  if (await hasAccounts({ control })) return undefined;
  return control.write((tx) =>
    insertLink(tx, { purpose: 'setup', personId: null, expiresAt: null }, clock.now()),
  );
}
