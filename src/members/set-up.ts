import type { Transaction } from 'kysely';
import { type AccountServices, hashPassword, insertAccount } from '../accounts/account.ts';
import { type BegunSession, insertSession } from '../accounts/begin-session.ts';
import { insertLink, linkOver, requireLink, spendLink } from '../accounts/one-time-link.ts';
import type { Actor } from '../api/caller.ts';
import { type BrowserRequest, requireTls } from '../api/raw-request.ts';
import type { Control } from '../control/open.ts';
import { NO_CALLER } from '../control/open.ts';
import type { ControlSchema } from '../control/schema.ts';
import type { Clock } from '../lib/clock.ts';
import { insertMember } from './membership.ts';

/** What the setup page sends. */
export type SetUp = { token: string; name: string; email: string; password: string };

/**
 * Makes the first account, which owns every project without an owner, and signs it in. Spending the link and making
 * account and session are one transaction: of many at the same moment one makes it. Throws 404 when the link does not
 * work (any more).
 */
export async function setUp(
  services: AccountServices,
  visit: BrowserRequest,
  body: SetUp,
): Promise<BegunSession> {
  requireTls(visit);
  await requireLink(services, ['setup'], body.token);
  const passwordHash = await hashPassword(services, body.password);
  const { control, clock } = services;
  return control.write(NO_CALLER, async ({ tx }) => {
    await spendLink(tx, ['setup'], body.token, clock.now());
    const someone = await tx.selectFrom('people').select('id').limit(1).executeTakeFirst();
    if (someone) throw linkOver();
    const { name, email } = body;
    const actor = await insertAccount(services, tx, { name, email, passwordHash }, visit);
    await ownOrphans(services, tx, actor);
    return insertSession(services, tx, visit, actor);
  });
}

async function ownOrphans(
  services: AccountServices,
  tx: Transaction<ControlSchema>,
  actor: Actor,
): Promise<void> {
  const orphans = await tx
    .selectFrom('projects')
    .select('id')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('project_members')
            .select('person_id')
            .whereRef('project_members.project_id', '=', 'projects.id')
            .where('role', '=', 'owner'),
        ),
      ),
    )
    .execute();
  for (const { id: projectId } of orphans) {
    await insertMember(services, tx, { projectId, personId: actor.id, role: 'owner' }, actor);
  }
}

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
  return control.write(NO_CALLER, ({ tx }) =>
    insertLink(tx, { purpose: 'setup', personId: null, expiresAt: null }, clock.now()),
  );
}
