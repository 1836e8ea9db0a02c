import type { Control, ControlTransaction } from '../control/control.ts';
import type { Log } from '../lib/log.ts';
import { PROGRAM } from '../lib/program.ts';
import { type AuditKey, isFromUnsealedRelease, isSealed, sealOf } from './chain.ts';

/**
 * Seals the end of a chain that only releases without a seal have written. Any other chain stays as it is: a missing seal
 * was removed from it.
 */
export async function sealOldChain(
  tx: ControlTransaction,
  keys: readonly [AuditKey, ...AuditKey[]],
): Promise<void> {
  const head = await tx.selectFrom('audit_head').selectAll().where('id', '=', 1).executeTakeFirst();
  if (head?.seal !== '') return;
  const [last, previous] = await listLastRows(tx, 2);
  const key = keys.find(({ id }) => id === last?.pepper_id)?.key;
  if (!last || last.mac !== head.mac || !key) return;
  if (!isFromUnsealedRelease(last, previous?.mac ?? '', key)) return;
  const seal = sealOf({ seq: Number(head.seq), mac: head.mac }, keys[0].key);
  await tx.updateTable('audit_head').set({ seal }).where('id', '=', 1).execute();
}

/** Whether the end of the audit log was tampered with. */
export type AuditWatch = {
  /** Checks the end of the chain; its cost does not depend on the length of the log. */
  check: () => Promise<void>;
  /** Returns a warning with what to do if the last check found the end damaged. */
  findProblem: () => string | undefined;
};

/** Returns the watch of one server. What it finds is logged when it changes. */
export function watchAuditEnd(control: Control, keys: readonly AuditKey[], log: Log): AuditWatch {
  let warning: string | undefined;
  return {
    async check() {
      const damage = await findDamagedEnd(control, keys);
      const found =
        damage &&
        `The audit log is damaged: ${damage}. Run ${PROGRAM} doctor, and keep a copy of the data folder.`;
      if (found !== undefined && found !== warning) log.error(found);
      warning = found;
    },
    findProblem: () => warning,
  };
}

async function findDamagedEnd({ db }: Control, keys: readonly AuditKey[]): Promise<string | undefined> {
  // One snapshot: another process may append an entry between the two reads.
  return db.transaction().execute(async (tx) => {
    const head = await tx.selectFrom('audit_head').selectAll().where('id', '=', 1).executeTakeFirst();
    if (!head) return 'the end of the chain was removed';
    if (!isSealed(head, keys)) return 'its seal is missing or not valid, so entries may be missing';
    const [last] = await listLastRows(tx, 1);
    const isLast = Number(last?.seq ?? 0) === Number(head.seq) && (last?.mac ?? '') === head.mac;
    return isLast ? undefined : 'entries are missing at the end';
  });
}

const listLastRows = (tx: ControlTransaction, count: number) =>
  tx.selectFrom('audit_log').selectAll().orderBy('seq', 'desc').limit(count).execute();
