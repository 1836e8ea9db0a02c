import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { commandHint } from '../config/command-hint.ts';
import { type Config, readCommandConfig } from '../config/config.ts';
import type { ReadOnlyControl } from '../control/control.ts';
import { databaseNow } from '../control/dialect.ts';
import { findControlPlace, openSoleControl } from '../control/open.ts';
import { derivePepper, type Pepper } from '../directory/secret.ts';
import { systemClock } from '../lib/clock.ts';
import { errorCodeOf } from '../lib/errors.ts';
import { PROGRAM } from '../lib/program.ts';
import { prepareDataDir } from '../server/data-dir.ts';
import { findUnfinishedMove } from '../server/moved.ts';
import { findStorePaths } from '../server/open-services.ts';
import { findResetLoss, type ResetLoss, resetSecret } from '../server/reset-secret.ts';
import { findSecretMatch, readSecret, renewSecretFile } from '../server/secret-store.ts';
import { requireControlFile } from '../server/store-pair.ts';
import { readControl } from './control/read-control.ts';
import { requireStopped } from './control/require-stopped.ts';
import { printResult } from './terminal/print.ts';
import { UsageError } from './terminal/usage-error.ts';

type Options = { yes?: true };

const DETAILS = `
Use it only if the secret is lost and in no backup. Stop the server first. Events, projects, apps, people and their passwords stay. API keys are verified with the
secret, so all of them are revoked. To replace a secret that you still have, see "Replace APPFLOW_SECRET" in docs/guides/operating.md: then keys keep working.

The new secret is APPFLOW_SECRET if that is set, otherwise a new file. The command says what is lost, and does nothing without --yes.`;

/** Adds `appflow secret`, which starts over with a new secret after the old one was lost. */
export function addSecretCommand(program: Command): void {
  const secret = program
    .command('secret')
    .description('manage the secret that API keys are verified with')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false);
  secret
    .command('reset')
    .description('start over with a new secret after the old one was lost; all API keys are revoked')
    .option('--yes', 'reset it, and revoke all API keys')
    .addHelpText('after', DETAILS)
    .action(({ yes }: Options) => reset(yes === true));
}

async function reset(isConfirmed: boolean): Promise<void> {
  const config = readCommandConfig();
  const { secretFile, eventsDir } = prepareDataDir(config);
  requireControlFile(findStorePaths(config, eventsDir));
  await requireStopped(config);
  const loss = await readControl(async (control) => {
    await inspect(config, secretFile, control);
    return await findResetLoss(control);
  });
  if (!isConfirmed) throw new UsageError(explain(config, secretFile, loss));
  const clock = systemClock();
  // From here on, no server starts.
  const control = await openSoleControl(findControlPlace(config), clock);
  try {
    // Again: a server or another reset may have run until now.
    const candidates = await inspect(config, secretFile, control);
    // First: if the command is interrupted, the next call finds a secret that was never used, and uses it.
    const secret = chooseSecret(config, candidates) ?? renewSecretFile(secretFile);
    printResult(describeReset(config, secretFile, await resetSecret({ control, clock }, secret)));
  } finally {
    await control.close();
  }
}

/** Returns the secrets that there are. Throws an Error with what to do if the secret is not lost, or something prevents a reset. */
async function inspect(config: Config, secretFile: string, control: Db): Promise<Candidate[]> {
  const candidates = listCandidates(config, secretFile);
  await requireLost(control, candidates);
  await requireNoNodes(config, control);
  const unfinished = await findUnfinishedMove(control);
  if (unfinished !== undefined) throw new UsageError(unfinished);
  return candidates;
}

function explain(config: Config, secretFile: string, loss: ResetLoss): string {
  const why =
    config.secret === undefined
      ? `APPFLOW_SECRET is not set here, and ${secretFile} has no secret that was used. If your service sets APPFLOW_SECRET or APPFLOW_SECRET_FILE, the secret is not lost: stop here.`
      : 'APPFLOW_SECRET is not the secret of this data folder, and no file has it.';
  return (
    `${why}\nThis starts over with a new secret. Events, projects, apps and people stay.\n${describeLoss(loss)}\n` +
    `To reset the secret: ${commandHint(config, 'secret reset --yes')}`
  );
}

function describeReset(config: Config, secretFile: string, loss: ResetLoss): string {
  const place = config.secret === undefined ? `in ${secretFile}` : 'APPFLOW_SECRET';
  return (
    `The secret was reset. The new one is ${place}: keep a copy of it elsewhere.\n${describeLoss(loss)}\n` +
    `Create new API keys: ${commandHint(config, 'keys create --help')}`
  );
}

/** What to do with a secret that is not in the file. */
const HOW_TO_USE: Readonly<Record<string, string>> = {
  APPFLOW_SECRET: 'Start the server.',
  APPFLOW_SECRET_RETIRED: 'Start the server, which moves to APPFLOW_SECRET.',
};

/** A secret that is configured or in the file, and where it is. */
type Candidate = { secret: string; place: string };

/** Throws what reading the file throws, unless it is missing or has only a part of a secret. */
function listCandidates({ secret, retiredSecrets }: Config, file: string): Candidate[] {
  const inFile = readWholeSecret(file);
  return [
    ...(secret === undefined ? [] : [{ secret, place: 'APPFLOW_SECRET' }]),
    ...(inFile === undefined ? [] : [{ secret: inFile, place: file }]),
    ...retiredSecrets.map((retired) => ({ secret: retired, place: 'APPFLOW_SECRET_RETIRED' })),
  ];
}

function readWholeSecret(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return readSecret(file);
  } catch (error) {
    if (errorCodeOf(error) !== '') throw error;
    return undefined;
  }
}

/** The configured secret, or the one in the file; undefined if there is none. */
const chooseSecret = (config: Config, candidates: readonly Candidate[]): string | undefined =>
  config.secret ?? candidates.find(({ place }) => place !== 'APPFLOW_SECRET_RETIRED')?.secret;

type Db = Pick<ReadOnlyControl, 'db'>;

/**
 * Throws UsageError if one of the secrets was used with this data folder: by its check, or by the audit log, because anyone who can change
 * the database can change the check.
 */
async function requireLost(control: Db, candidates: readonly Candidate[]): Promise<void> {
  for (const { secret, place } of candidates) {
    const pepper = derivePepper(secret);
    const match = await findSecretMatch(control, pepper, []);
    if (match.secret === 'none')
      throw new UsageError('This data folder was not used with a secret yet. Start the server.');
    if (match.secret === 'current')
      throw new UsageError(
        `The secret is not lost: ${place} has it. ${HOW_TO_USE[place] ?? 'If APPFLOW_SECRET is set to another one, unset it. Start the server.'} To replace the secret without revoking keys, see "Replace APPFLOW_SECRET" in docs/guides/operating.md.`,
      );
    if (await hasSealed(control, pepper))
      throw new UsageError(
        `The secret in ${place} was used with this data folder before. If it is the last one, the stored check of it was changed: run ${PROGRAM} doctor. If it was replaced, remove it from ${place}, so that it is not used again.`,
      );
  }
}

/** Whether entries of the audit log or secrets of keys were stored with this secret. */
async function hasSealed({ db }: Db, { id }: Pepper): Promise<boolean> {
  const entry = await db
    .selectFrom('audit_log')
    .select('seq')
    .where('pepper_id', '=', id)
    .limit(1)
    .executeTakeFirst();
  const key = await db
    .selectFrom('key_secrets')
    .select('key_id')
    .where('pepper_id', '=', id)
    .limit(1)
    .executeTakeFirst();
  return entry !== undefined || key !== undefined;
}

/** Nodes on other machines can use the same database. */
async function requireNoNodes({ databaseUrl }: Config, { db }: Db): Promise<void> {
  if (databaseUrl === undefined) return;
  const active = await db
    .selectFrom('leases')
    .select('name')
    .where('until', '>', databaseNow(db))
    .executeTakeFirst();
  if (active !== undefined)
    throw new Error(
      'A server uses this database. Stop all nodes, wait a minute, then run the command again.',
    );
}

function describeLoss({ keys, sessions, secondFactors, erasures, erasedIds }: ResetLoss): string {
  const lines = [
    `  API keys revoked: ${toText(keys)} (other vendors' SDKs may delete queued events when their key is refused)`,
    `  Sessions ended: ${toText(sessions)} (passwords stay as they are)`,
    `  Second factors turned off: ${toText(secondFactors)}`,
    erasures > 0 && `  Requests to erase people canceled: ${toText(erasures)} (erase them again)`,
    erasedIds > 0 && `  Erased IDs forgotten: ${toText(erasedIds)} (events sent with them again are stored)`,
    '  Audit log: entries from before the reset are kept, but no longer verifiable',
  ];
  return lines.filter((line) => line !== false).join('\n');
}

const toText = (value: number) => value.toLocaleString('en-US');
