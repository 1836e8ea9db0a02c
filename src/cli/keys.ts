import type { Command } from 'commander';
import { addCreateCommand } from './keys/create.ts';
import { addListCommand } from './keys/list.ts';
import { addRevokeCommand } from './keys/revoke.ts';
import { addRotateCommand } from './keys/rotate.ts';

/** Adds `appflow keys …`. They open the control database: no API key is needed, and a running server obeys at once. */
export function addKeysCommand(program: Command): void {
  const keys = program
    .command('keys')
    .description('make, list, rotate and revoke API keys; needs neither a running server nor a key');
  addCreateCommand(keys);
  addListCommand(keys);
  addRotateCommand(keys);
  addRevokeCommand(keys);
}
