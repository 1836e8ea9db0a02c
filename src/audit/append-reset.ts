import type { Actor } from '../api/caller.ts';
import type { ControlTransaction } from '../control/control.ts';
import type { Audit } from './audit.ts';
import { type AuditKey, sealOf } from './chain.ts';
import { createEntryDigest, RESET_ACTION } from './earlier-entries.ts';
import { readEntries } from './read-entries.ts';

/**
 * Appends the entry that says that the secret was lost, and seals the end of the chain with the new one. The entries before cannot be verified
 * any more, so the new one has a digest of them: what is changed later is detected. It also has the old seal: with the old secret, that shows
 * whether entries were removed before. `audit` writes with `key`.
 */
export async function appendReset(
  audit: Audit,
  tx: ControlTransaction,
  key: AuditKey,
  actor: Actor,
): Promise<void> {
  const { seq, mac, seal } = await tx
    .selectFrom('audit_head')
    .select(['seq', 'mac', 'seal'])
    .where('id', '=', 1)
    .executeTakeFirstOrThrow();
  const end = { seq: Number(seq), mac };
  const digest = await digestEntries(tx);
  await tx
    .updateTable('audit_head')
    .set({ seal: sealOf(end, key.key) })
    .where('id', '=', 1)
    .execute();
  await audit.append(tx, {
    projectId: null,
    actor,
    action: RESET_ACTION,
    target: 'APPFLOW_SECRET',
    diff: { unverifiable_entries: [0, end.seq], digest: [null, digest], seal: [seal, null] },
  });
}

async function digestEntries(tx: ControlTransaction): Promise<string> {
  const digest = createEntryDigest();
  for await (const row of readEntries(tx)) digest.add(row);
  return digest.read();
}
