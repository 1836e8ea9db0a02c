import type { Transaction } from 'kysely';
import type { ControlSchema } from '../control/schema.ts';
import type { Clock } from '../lib/clock.ts';

/** Stores a new password and ends what the former one opened: sessions, but the one that is kept, and half sign-ins. */
export async function storePassword(
  { clock }: { clock: Clock },
  tx: Transaction<ControlSchema>,
  personId: string,
  passwordHash: string,
  keptSessionId = '',
): Promise<void> {
  await tx
    .updateTable('credentials')
    .set({ password: passwordHash, updated_at: new Date(clock.now()).toISOString() })
    .where('person_id', '=', personId)
    .where('provider_id', '=', 'credential')
    .execute();
  await tx
    .deleteFrom('sessions')
    .where('person_id', '=', personId)
    .where('id', '!=', keptSessionId)
    .execute();
  // Whoever gave the former password and was still to give a code.
  await tx.deleteFrom('verifications').where('value', '=', personId).execute();
  // A link that was made before would undo it.
  await tx.deleteFrom('one_time_links').where('person_id', '=', personId).execute();
}
