import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config/config.ts';
import { VERSION } from '../config/version.ts';
import { redactSecrets } from '../directory/secret.ts';
import { messageOf } from '../lib/errors.ts';
import { addAuditCommand } from './audit.ts';
import { addDemoCommand } from './demo.ts';
import { addDoctorCommand } from './doctor.ts';
import { addImportCommand } from './import.ts';
import { addInitCommand } from './init.ts';
import { addKeysCommand } from './keys.ts';
import { addMembersCommand } from './members.ts';
import { addServeCommand } from './serve.ts';
import { notify, STANDARD_ERROR } from './terminal/print.ts';
import { UsageError } from './terminal/usage-error.ts';

const FAILED = 1;
const USAGE = 2;

function buildProgram(): Command {
  const program = new Command('appflow')
    .description('Appflow: send events, read numbers. The API keys decide who may do what.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain the command')
    .helpCommand(false)
    .showHelpAfterError('Add --help to see what is possible.')
    // Errors quote the arguments, and one of them may be a key in the wrong place.
    .configureOutput({ writeErr: (text) => STANDARD_ERROR.write(redactSecrets(text)) })
    .exitOverride();
  addInitCommand(program);
  addServeCommand(program);
  addImportCommand(program);
  addDemoCommand(program);
  addKeysCommand(program);
  addMembersCommand(program);
  addAuditCommand(program);
  addDoctorCommand(program);
  return program;
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
