import type { Command } from 'commander';
import { addCreateCommand } from './keys/create.ts';
import { addListCommand } from './keys/list.ts';
import { addRevokeCommand } from './keys/revoke.ts';
import { addRotateCommand } from './keys/rotate.ts';

/** Adds `appflow keys …`. The commands open the control database, so they need no API key; servers follow immediately. */
export function addKeysCommand(program: Command): void {
  const keys = program
    .command('keys')
    .description('create, list, rotate and revoke API keys; works with or without a running server');
  addCreateCommand(keys);
  addListCommand(keys);
  addRotateCommand(keys);
  addRevokeCommand(keys);
}
