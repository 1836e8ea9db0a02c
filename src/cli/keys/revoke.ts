import { createInterface } from 'node:readline/promises';
import { type Command, Option } from 'commander';
import { CLI_REQUESTER } from '../../api/caller.ts';
import type { ApiKey } from '../../directory/key.ts';
import { toKeyJson } from '../../keys/key-json.ts';
import { REVOKE_REASONS, type RevokeReason, revokeKey } from '../../keys/revoke.ts';
import { PROGRAM } from '../../lib/program.ts';
import { withServices } from '../control/with-services.ts';
import { quote } from '../terminal/print.ts';
import { UsageError } from '../terminal/usage-error.ts';
import { getKeyById } from './find-key.ts';

type Options = { reason: RevokeReason; yes?: true; json?: true };

const EXAMPLE = `
Example: a key that was found in a public repository:
  ${PROGRAM} keys revoke key_01KAB… --reason leaked --yes`;

/** Adds `appflow keys revoke`, which asks for confirmation on a terminal and needs `--yes` without one. */
export function addRevokeCommand(keys: Command): void {
  keys
    .command('revoke')
    .description('revoke an API key immediately (running servers included)')
    .argument('<key-id>', 'key ID (key_…)')
    .addOption(new Option('--reason <reason>', 'why it is revoked').choices(REVOKE_REASONS).default('other'))
    .option('--yes', "don't ask for confirmation (required without a terminal)")
    .option('--json', 'print the record as one JSON line')
    .addHelpText('after', EXAMPLE)
    .action((keyId: string, { reason, yes, json }: Options) => {
      // Not only answers: in a script, a revocation by mistake stops every app that uses the key.
      if (!yes && !process.stdin.isTTY) {
        throw new UsageError('There is no terminal to confirm on. Run with --yes to revoke without asking.');
      }
      return withServices(async (services) => {
        const key = getKeyById(services, keyId);
        if (!yes && !(await isConfirmed(key))) throw new Error('Nothing was revoked.');
        const revoked = await revokeKey(services, key, reason, CLI_REQUESTER);
        return json ? JSON.stringify(toKeyJson(services, revoked)) : describeRevocation(key, revoked);
      });
    });
}

/** A key that was revoked before keeps its reason; a leak reported now is recorded beside it. */
function describeRevocation(before: ApiKey, { id, name, revokedReason, leakReportedAt }: ApiKey): string {
  const key = `${id}, ${quote(name)}`;
  if (before.revokedAt === null) return `Revoked ${key} (${revokedReason}). Requests with it now fail.`;
  const leak =
    before.leakReportedAt === null && leakReportedAt !== null
      ? " The leak is now recorded, and the key can't be restored."
      : '';
  return `${key} was already revoked (${revokedReason}).${leak}`;
}

async function isConfirmed({ id, name, type }: ApiKey): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`Revoke the ${type} key ${id}, ${quote(name)}? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
