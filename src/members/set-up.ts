import { type AccountServices, insertAccount } from '../accounts/account.ts';
import {
  deleteLinks,
  findLink,
  hashAndSpend,
  insertLink,
  spendLink,
  unusableLink,
} from '../accounts/one-time-link.ts';
import { hashPassword } from '../accounts/password.ts';
import { insertSession, type StartedSession } from '../accounts/start-session.ts';
import type { Actor } from '../api/caller.ts';
import { type BrowserRequest, requireTls } from '../api/raw-request.ts';
import { requireNoKeysIn } from '../api/validate.ts';
import type { Config } from '../config/config.ts';
import { type Control, type ControlTransaction, NO_CALLER, URGENT } from '../control/control.ts';
import type { Clock } from '../lib/clock.ts';
import { insertMember } from './membership.ts';

/** What the setup page sends. */
export type SetUp = { token: string; name: string; email: string; password: string };

/**
 * Creates the first account, which becomes the owner of every project without one, and signs it in. One transaction
 * spends the link and creates account and session: of many concurrent requests, one succeeds. Throws 404 if the link does
 * not work.
 */
export async function setUp(
  services: AccountServices,
  request: BrowserRequest,
  body: SetUp,
): Promise<StartedSession> {
  requireTls(request);
  const { name, email, token } = body;
  requireNoKeysIn({ name, email });
  const find = () => findLink(services, ['setup'], token);
  return hashAndSpend(services, request, { token, find }, async () => {
    const passwordHash = await hashPassword(services, body.password);
    return services.control.write(NO_CALLER, async ({ tx }) => {
      await spendLink(tx, ['setup'], token, services.clock.now());
      if (await hasAccounts({ control: { db: tx } })) throw unusableLink();
      // Those of other nodes.
      await deleteLinks(tx, null);
      const actor = await insertAccount(services, tx, { name, email, passwordHash }, request);
      await ownProjectsWithoutOwner(services, tx, actor);
      return insertSession(services, tx, request, actor);
    });
  });
}

async function ownProjectsWithoutOwner(
  services: AccountServices,
  tx: ControlTransaction,
  actor: Actor,
): Promise<void> {
  const projects = await tx
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
  for (const { id: projectId } of projects) {
    await insertMember(services, tx, { projectId, personId: actor.id, role: 'owner' }, actor);
  }
}

/** Whether any account exists. */
export async function hasAccounts({
  control,
}: {
  control: { db: Pick<ControlTransaction, 'selectFrom'> };
}): Promise<boolean> {
  const row = await control.db.selectFrom('people').select('id').limit(1).executeTakeFirst();
  return row !== undefined;
}

/**
 * Returns the token of a new setup link; undefined if an account exists. The link of the previous start is deleted, but not those of
 * other nodes. Called at every start: only people who can read the server's output can create the first account.
 */
export async function renewSetupLink({
  control,
  clock,
  config,
}: {
  control: Control;
  clock: Clock;
  config: Pick<Config, 'nodeUrl'>;
}): Promise<string | undefined> {
  if (await hasAccounts({ control })) return undefined;
  return control.write(
    NO_CALLER,
    async ({ tx }) => {
      // With several nodes, it is unknown which links belong to nodes that still run.
      if (config.nodeUrl === undefined) await deleteLinks(tx, null);
      return insertLink(tx, { purpose: 'setup', personId: null, expiresAt: null }, clock.now());
    },
    URGENT,
  );
}
