import type { Control } from '../control/open.ts';
import { HOUR_MS } from '../lib/durations.ts';
import type { Log } from '../lib/log.ts';
import { runPeriodically } from '../lib/periodic.ts';
import type { ChainEnd } from './chain.ts';
import type { AuditWatch } from './seal.ts';

/** Returns the end of the audit chain; `mac` is empty before the first entry. */
export async function findAuditHead({ db }: Control): Promise<ChainEnd> {
  const { seq, mac } = await db.selectFrom('audit_head').select(['seq', 'mac']).executeTakeFirstOrThrow();
  return { seq: Number(seq), mac };
}

/**
 * Logs the end of the chain now and every hour, so that a copy of it leaves the machine with the logs. Truncating the
 * audit log can then be detected without trusting anything in the data folder. Checks the end each time. Returns the
 * function that stops it.
 */
export function startAuditHeadLog({
  control,
  auditWatch,
  log,
}: {
  control: Control;
  auditWatch: AuditWatch;
  log: Log;
}): () => Promise<void> {
  return runPeriodically({
    everyMs: HOUR_MS,
    async run() {
      const { seq, mac } = await findAuditHead(control);
      log.info({ seq, mac }, 'audit log head');
      await auditWatch.check();
    },
    onError: (err) => log.error({ err }, 'the audit log cannot be read'),
  });
}
