import { createInterface } from 'node:readline/promises';
import { type Command, Option } from 'commander';
import { CLI_REQUESTER } from '../../api/caller.ts';
import type { ApiKey } from '../../directory/key.ts';
import { toKeyJson } from '../../keys/key-json.ts';
import { REVOKE_REASONS, type RevokeReason, revokeKey } from '../../keys/revoke.ts';
import { withServices } from '../control/with-services.ts';
import { quote } from '../terminal/print.ts';
import { getKeyById } from './find-key.ts';

type Options = { reason: RevokeReason; yes?: true; json?: true };

const EXAMPLE = `
Example, of a key that was found in a public repository:
  appflow keys revoke key_01KAB… --reason leaked`;

/** Adds `appflow keys revoke`, which asks for confirmation on a terminal, never in a script. */
export function addRevokeCommand(keys: Command): void {
  keys
    .command('revoke')
    .description('revoke an API key immediately (running servers included)')
    .argument('<key-id>', 'its id, key_…')
    .addOption(new Option('--reason <reason>', 'why').choices(REVOKE_REASONS).default('other'))
    .option('--yes', 'do not ask')
    .option('--json', 'print the record as one JSON line')
    .addHelpText('after', EXAMPLE)
    .action((keyId: string, { reason, yes, json }: Options) =>
      withServices(async (services) => {
        const key = getKeyById(services.directory, keyId);
        if (!yes && process.stdin.isTTY && !(await isConfirmed(key))) throw new Error('Nothing was revoked.');
        const revoked = await revokeKey(services, key, reason, CLI_REQUESTER);
        if (json) return JSON.stringify(toKeyJson(services, revoked));
        return `${key.id}, ${quote(key.name)}, is revoked (${revoked.revokedReason}). No request with it passes any more.`;
      }),
    );
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
