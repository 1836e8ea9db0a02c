import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ConfigError, listVariableWarnings, useDataDir } from '../config/config.ts';
import { VERSION } from '../config/version.ts';
import { redactSecrets } from '../directory/secret.ts';
import { messageOf } from '../lib/errors.ts';
import { addAuditCommand } from './audit.ts';
import { addBackupCommand } from './backup.ts';
import { addDemoCommand } from './demo.ts';
import { addDoctorCommand } from './doctor.ts';
import { addDowngradeCommand } from './downgrade.ts';
import { addImportCommand } from './import.ts';
import { addInitCommand } from './init.ts';
import { addKeysCommand } from './keys.ts';
import { addMembersCommand } from './members.ts';
import { addMoveCommand } from './move.ts';
import { addRebuildCommand } from './rebuild.ts';
import { addRestoreCommand } from './restore.ts';
import { addSecretCommand } from './secret.ts';
import { addServeCommand } from './serve.ts';
import { notify, STANDARD_ERROR } from './terminal/print.ts';
import { UsageError } from './terminal/usage-error.ts';
import { addUsersCommand } from './users.ts';

const FAILED = 1;
const USAGE = 2;

function buildProgram(): Command {
  const program = new Command('appflow')
    .description('Appflow collects events from mobile apps and serves metrics.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .showHelpAfterError('Run with --help for usage.')
    // Errors quote the arguments, and one of them may be a key in the wrong place.
    .configureOutput({ writeErr: (text) => STANDARD_ERROR.write(redactSecrets(text)) })
    .exitOverride();
  addInitCommand(program);
  addServeCommand(program);
  addImportCommand(program);
  addDemoCommand(program);
  addKeysCommand(program);
  addMembersCommand(program);
  addUsersCommand(program);
  addRebuildCommand(program);
  addBackupCommand(program);
  addRestoreCommand(program);
  addDowngradeCommand(program);
  addMoveCommand(program);
  addSecretCommand(program);
  addAuditCommand(program);
  addDoctorCommand(program);
  for (const command of listLeaves(program)) command.addOption(DATA_DIR);
  program.hook('preAction', (_, command) => prepare(command));
  return program;
}

const DATA_DIR = new Option(
  '--data-dir <folder>',
  'data folder (default: the variable APPFLOW_DATA_DIR, or ./data)',
).argParser(parseFolder);

/** An empty text is a shell variable that is unset: the default folder would be the wrong one. */
function parseFolder(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('Must not be empty.');
}

/** Commands that report unknown variables in their own way. */
const REPORTING: ReadonlySet<string> = new Set(['serve', 'doctor']);

/** Returns the commands that do something, not those that only group others. */
function listLeaves(command: Command): Command[] {
  return command.commands.flatMap((one) => (one.commands.length === 0 ? [one] : listLeaves(one)));
}

function prepare(command: Command): void {
  const { dataDir } = command.opts<{ dataDir?: string }>();
  if (dataDir !== undefined) useDataDir(dataDir);
  if (REPORTING.has(command.name())) return;
  for (const warning of listVariableWarnings()) notify(`Warning: ${warning}`);
}

/** Runs one command and returns its exit code: 0 success, 1 failure, 2 usage error. Errors print without a stack. */
async function run(argv: readonly string[]): Promise<number> {
  try {
    await buildProgram().parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Commander has already printed the mistake or the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    notify(redactSecrets(messageOf(error)));
    return error instanceof ConfigError || error instanceof UsageError ? USAGE : FAILED;
  }
}

process.exitCode = await run(process.argv);
