import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ChainEnd, verifyChain } from '../../audit/chain.ts';
import { commandHint } from '../../config/command-hint.ts';
import type { Config } from '../../config/config.ts';
import type { ReadOnlyControl } from '../../control/control.ts';
import { AUDIT_SEAL_MIGRATION, describeNewer } from '../../control/migrate.ts';
import { type ControlPlace, findControlPlace, openReadOnlyControl } from '../../control/open.ts';
import { derivePepper } from '../../directory/secret.ts';
import { messageOf, StorageError } from '../../lib/errors.ts';
import { findLastEntryAt } from '../../server/clock-floor.ts';
import { findOlderProblem, type NotedRevision, readNotedRevision } from '../../server/control-revision.ts';
import { isMissing } from '../../server/data-dir.ts';
import { findPlaceProblem } from '../../server/event-place.ts';
import { findUnfinishedMove } from '../../server/moved.ts';
import { toAuditKey } from '../../server/open-services.ts';
import {
  countStoredUnder,
  findSecretMatch,
  readSecret,
  type StoredUnder,
  WRONG_SECRET,
} from '../../server/secret-store.ts';
import { findControlProblem, findPairProblem, type StorePaths } from '../../server/store-pair.ts';
import { count } from '../terminal/count.ts';
import { type Finding, failed, failedBy, ok, warning } from './finding.ts';

const DATABASE = 'control database';
const CLOCK_TOLERANCE_MS = 5_000;
const TOO_EARLY = Date.UTC(2026, 0, 1);

/** Checks the control database and everything that depends on the secret. Changes and creates nothing. */
export async function checkControl(config: Config, knownHead: ChainEnd | undefined): Promise<Finding[]> {
  const place = findControlPlace(config);
  const hasEventServer = config.clickhouseUrl !== undefined;
  const paths = { control: place, eventsDir: join(config.dataDir, 'events'), hasEventServer };
  const incomplete = findControlProblem(paths);
  if (incomplete !== undefined) return [failed(DATABASE, incomplete)];
  const notCreated = warning(
    DATABASE,
    `Not created yet. The first start creates it, or: ${commandHint(config, 'init')}`,
  );
  if (place.url === undefined && isMissing(place.file)) return [notCreated];
  // Before the database is opened: a running server may change both.
  const noted = await readNotedRevision(paths.eventsDir);
  let control: ReadOnlyControl;
  try {
    control = await openReadOnlyControl(place);
  } catch (error) {
    return [failed(DATABASE, describeUnopenable(place, error))];
  }
  try {
    if (control.isNew) {
      const problem = await findPairProblem(control, paths);
      return [problem === undefined ? notCreated : failed('stores', problem)];
    }
    if (control.unknownMigrations.length > 0)
      return [failed(DATABASE, describeNewer(control.unknownMigrations))];
    return [
      ...reportPending(control),
      ...(await attempt(control, DATABASE, () => checkTables(control))),
      ...(await attempt(control, 'stores', () => checkPair(control, { config, paths }, noted))),
      ...(await attempt(control, 'clock', () => checkClock(control))),
      ...(await attempt(control, 'secret', () => checkSecret(config, control, knownHead))),
    ];
  } finally {
    await control.close();
  }
}

function describeUnopenable(place: ControlPlace, error: unknown): string {
  // PostgreSQL's failures say what to do themselves.
  if (place.url !== undefined) return messageOf(error);
  return `${place.file} cannot be opened (${messageOf(error)}). Restore it from a backup.`;
}

function reportPending({ pendingMigrations }: ReadOnlyControl): Finding[] {
  if (pendingMigrations.length === 0) return [];
  const names = pendingMigrations.join(', ');
  return [warning('schema', `The next start of this release applies ${names}. Make a backup first.`)];
}

/** Runs a check. If it fails while migrations are pending, one of them may create what it reads: that is only a warning. */
async function attempt(
  { pendingMigrations }: ReadOnlyControl,
  check: string,
  run: () => Promise<Finding | Finding[]>,
): Promise<Finding[]> {
  try {
    return [await run()].flat();
  } catch (error) {
    if (pendingMigrations.length === 0 || error instanceof StorageError) return [failedBy(check, error)];
    return [warning(check, 'This release can only check it after the migrations.')];
  }
}

async function checkPair(
  control: ReadOnlyControl,
  { config, paths }: { config: Config; paths: StorePaths },
  noted: NotedRevision | undefined,
): Promise<Finding> {
  const problem =
    (await findUnfinishedMove(control)) ??
    (await findPlaceProblem(control, config, paths.eventsDir)) ??
    (await findPairProblem(control, paths)) ??
    (await findOlderProblem(control, paths, noted));
  return problem === undefined
    ? ok('stores', 'The control database and the event store belong together.')
    : failed('stores', problem);
}

async function checkTables({ db, listProblems }: ReadOnlyControl): Promise<Finding[]> {
  const problems = listProblems();
  if (problems.length > 0) return problems.map((problem) => failed(DATABASE, problem));
  const countAll = ({ fn }: typeof db) => fn.countAll<number>().as('count');
  const { count: projects } = await db.selectFrom('projects').select(countAll(db)).executeTakeFirstOrThrow();
  const { count: keys } = await db.selectFrom('api_keys').select(countAll(db)).executeTakeFirstOrThrow();
  return [
    ok(DATABASE, `OK: ${count(projects, 'project')}, ${count(keys, 'API key')} (including revoked ones).`),
  ];
}

/** Expiry, limits and the audit log depend on the clock: it must not be behind the last audit entry. */
async function checkClock({ db }: ReadOnlyControl): Promise<Finding> {
  const check = 'clock';
  const lastAt = await findLastEntryAt({ db });
  const now = Date.now();
  const time = new Date(now).toISOString();
  if (now < TOO_EARLY) return failed(check, `The clock says ${time}. Set it, and run a time service (NTP).`);
  if (lastAt > now + CLOCK_TOLERANCE_MS) {
    const written = new Date(lastAt).toISOString();
    const fix =
      'Correct the clock. If it is right now, it was ahead then: restart once with APPFLOW_CLOCK_FLOOR=off.';
    return failed(
      check,
      `The clock says ${time}, but the last audit entry is from ${written}: it was set back. ${fix}`,
    );
  }
  return ok(check, `OK: ${time}.`);
}

async function checkSecret(
  config: Config,
  control: ReadOnlyControl,
  knownHead: ChainEnd | undefined,
): Promise<Finding[]> {
  const check = 'secret';
  const file = join(config.dataDir, 'secrets', 'appflow-secret');
  if (config.secret === undefined && !existsSync(file)) {
    return [
      failed(
        check,
        `The secret is missing: set APPFLOW_SECRET, or restore ${file} from a backup. Without it, the server does not start.`,
      ),
    ];
  }
  let secret: string;
  try {
    secret = config.secret ?? readSecret(file);
  } catch (error) {
    return [failedBy(check, error)];
  }
  const secrets = [secret, ...config.retiredSecrets];
  const [pepper, ...retired] = [derivePepper(secret), ...config.retiredSecrets.map(derivePepper)];
  const { secret: used, isUnsealed } = await findSecretMatch(control, pepper, retired);
  if (used === 'wrong') return [failed(check, WRONG_SECRET)];
  const finding =
    used === 'retired'
      ? warning(
          check,
          'The data folder was last used with a retired secret. The next start moves it to the current one.',
        )
      : ok(check, 'OK: it is the secret of this data folder.');
  return [
    finding,
    ...(await attempt(control, 'stored keys', async () =>
      reportStored(await countStoredUnder(control, pepper, retired), retired.length > 0),
    )),
    ...(await attempt(control, 'audit log', () => checkChain(control, { secrets, isUnsealed }, knownHead))),
  ];
}

function reportStored({ current, retired, unknown }: StoredUnder, hasRetired: boolean): Finding {
  const check = 'stored keys';
  if (unknown > 0) {
    const fix = 'Set that secret in APPFLOW_SECRET_RETIRED, or replace and revoke these keys.';
    return failed(
      check,
      `${unknown} were created with a secret that is not configured, so they don't work. ${fix}`,
    );
  }
  if (retired > 0) {
    const fix = 'They keep working and move when they are next used. Keep APPFLOW_SECRET_RETIRED until then.';
    return warning(check, `${retired} are still stored under a retired secret. ${fix}`);
  }
  const rest = hasRetired ? ' APPFLOW_SECRET_RETIRED is now only needed to verify older audit entries.' : '';
  return ok(check, `OK: ${current} stored under the current secret.${rest}`);
}

/** Says what the check covers: alone, the chain cannot prove that the whole database was not replaced by an older copy. */
function describeCoverage(knownHead: ChainEnd | undefined): string {
  if (knownHead) return `Entry ${knownHead.seq} (--audit-head) is among them.`;
  return 'Use --audit-head to detect a restored older copy of the database.';
}

async function checkChain(
  control: ReadOnlyControl,
  { secrets, isUnsealed }: { secrets: readonly string[]; isUnsealed: boolean },
  knownHead: ChainEnd | undefined,
): Promise<Finding> {
  const check = 'audit log';
  if (!isUnsealed && control.pendingMigrations.includes(AUDIT_SEAL_MIGRATION)) {
    return failed(check, `The log was tampered with: the seal of its end was removed. ${TAMPERED}`);
  }
  const verdict = await verifyChain(control, secrets.map(toAuditKey), knownHead);
  if (verdict.ok && verdict.unverifiable > 0) return warning(check, describeUnverifiable(verdict));
  if (verdict.ok)
    return ok(check, `OK: all ${verdict.rows} entries are unchanged. ${describeCoverage(knownHead)}`);
  return failed(check, `The log was tampered with at entry ${verdict.seq}: ${verdict.reason}. ${TAMPERED}`);
}

const describeUnverifiable = ({ rows, unverifiable }: { rows: number; unverifiable: number }) =>
  `${unverifiable} of ${rows} entries were signed with a secret that was reset and can't be verified. They are unchanged since then, ` +
  'and so are all later entries. If you find the earlier secret, set APPFLOW_SECRET_RETIRED to it.';

const TAMPERED =
  'Keep a copy of the data folder, and compare it with a backup and with "audit log head" in the logs.';
