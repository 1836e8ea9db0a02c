import type { Control } from '../control/control.ts';
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

const READ_ERROR = 'the audit log cannot be read';

/**
 * Logs the end of the chain now and every hour, so that a copy of it leaves the machine with the logs. Truncating the
 * audit log can then be detected without trusting anything in the data folder. Returns the function that stops it.
 */
export function startAuditHeadLog({ control, log }: { control: Control; log: Log }): () => Promise<void> {
  return runPeriodically({
    everyMs: HOUR_MS,
    async run() {
      const { seq, mac } = await findAuditHead(control);
      log.info({ seq, mac }, 'audit log head');
    },
    onError: (err) => log.error({ err }, READ_ERROR),
  });
}

/** Checks the end of the chain now and every hour: each node reports what it finds. Returns the function that stops it. */
export function startAuditWatch(services: { auditWatch: AuditWatch; log: Log }): () => Promise<void> {
  const { auditWatch, log } = services;
  return runPeriodically({
    everyMs: HOUR_MS,
    run: auditWatch.check,
    onError: (err) => log.error({ err }, READ_ERROR),
  });
}
