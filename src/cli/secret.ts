import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { commandHint } from '../config/command-hint.ts';
import { type Config, readCommandConfig } from '../config/config.ts';
import { databaseNow } from '../control/dialect.ts';
import { findControlPlace, openControl } from '../control/open.ts';
import { derivePepper } from '../directory/secret.ts';
import { systemClock } from '../lib/clock.ts';
import { openLog } from '../lib/log.ts';
import { prepareDataDir } from '../server/data-dir.ts';
import { findResetLoss, type ResetLoss, resetSecret } from '../server/reset-secret.ts';
import { findSecretMatch, readSecret, renewSecretFile } from '../server/secret-store.ts';
import { createSnapshots } from '../server/snapshots/keep-snapshot.ts';
import { explainNoProject } from './control/choose-project.ts';
import { requireStopped } from './control/require-stopped.ts';
import { printResult } from './terminal/print.ts';
import { UsageError } from './terminal/usage-error.ts';

type Options = { yes?: true };

const DETAILS = `
Only for a secret that is lost, and not in any backup either. Stop the server first. Events, projects, apps, people and their passwords stay. API keys are verified with the
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
  const { secretFile } = prepareDataDir(config);
  const place = findControlPlace(config);
  if (place.url === undefined && !existsSync(place.file)) throw new UsageError(explainNoProject(config));
  await requireStopped(config);
  const clock = systemClock();
  const control = await openControl(place, clock, undefined, createSnapshots(config, openLog('warn')));
  try {
    await requireLost(config, control, secretFile);
    await requireNoNodes(config, control);
    if (!isConfirmed) throw new UsageError(explain(config, await findResetLoss(control)));
    // First: if the command is interrupted, the next call finds a secret that is not the lost one, and uses it.
    const secret = findUsableSecret(config, secretFile) ?? renewSecretFile(secretFile);
    printResult(describeReset(config, secretFile, await resetSecret({ control, clock }, secret)));
  } finally {
    await control.close();
  }
}

const explain = (config: Config, loss: ResetLoss) =>
  `This starts over with a new secret. Events, projects, apps and people stay.\n${describeLoss(loss)}\n` +
  `To reset the secret: ${commandHint(config, 'secret reset --yes')}`;

function describeReset(config: Config, secretFile: string, loss: ResetLoss): string {
  const place = config.secret === undefined ? `in ${secretFile}` : 'APPFLOW_SECRET';
  return (
    `The secret was reset. The new one is ${place}: keep a copy of it elsewhere.\n${describeLoss(loss)}\n` +
    `Create new API keys: ${commandHint(config, 'keys create --help')}`
  );
}

/** The configured secret, or the one in the file; undefined if there is none, or only a part of one. */
function findUsableSecret({ secret }: Config, file: string): string | undefined {
  if (secret !== undefined) return secret;
  if (!existsSync(file)) return undefined;
  try {
    return readSecret(file);
  } catch {
    return undefined;
  }
}

type Db = Parameters<typeof findResetLoss>[0];

async function requireLost(config: Config, control: Db, secretFile: string): Promise<void> {
  const secret = findUsableSecret(config, secretFile);
  const peppers = [...(secret === undefined ? [] : [secret]), ...config.retiredSecrets].map(derivePepper);
  const [first, ...others] = peppers;
  if (first === undefined) return;
  const match = await findSecretMatch(control, first, others);
  if (match.secret !== 'current' && match.secret !== 'retired') return;
  throw new UsageError(
    'The secret is not lost: it is configured, and belongs to this data folder. To replace it without revoking keys, see "Replace APPFLOW_SECRET" in docs/guides/operating.md.',
  );
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
    `  API keys revoked: ${toText(keys)}`,
    `  Sessions ended: ${toText(sessions)} (passwords stay as they are)`,
    `  Second factors turned off: ${toText(secondFactors)}`,
    erasures > 0 && `  Requests to erase people canceled: ${toText(erasures)} (erase them again)`,
    erasedIds > 0 && `  Erased IDs forgotten: ${toText(erasedIds)} (events sent with them again are stored)`,
    '  Audit log: entries from before the reset are kept, but no longer verifiable',
  ];
  return lines.filter((line) => line !== false).join('\n');
}

const toText = (value: number) => value.toLocaleString('en-US');
