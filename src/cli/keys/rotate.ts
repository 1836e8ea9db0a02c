import { type Command, InvalidArgumentError, Option } from 'commander';
import { CLI_GRANTOR } from '../../keys/escalation.ts';
import { toKeyJson } from '../../keys/key-json.ts';
import { rotateKey } from '../../keys/rotate.ts';
import { PROGRAM } from '../../lib/program.ts';
import { chooseProject } from '../control/choose-project.ts';
import { withServices } from '../control/with-services.ts';
import { quote } from '../terminal/print.ts';
import { getKeyById } from './find-key.ts';

type Options = { graceSeconds?: number; graceFrom?: 'now' | 'first_use'; force?: true; json?: true };

const EXAMPLE = `
Example: a key that ships with an app release. The old secret expires 90 days after the new one is first used:
  ${PROGRAM} keys rotate key_01KAB… --grace-seconds 7776000 --grace-from first_use`;

function parseSeconds(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Must be a whole number of seconds.');
}

/** Adds `appflow keys rotate`. */
export function addRotateCommand(keys: Command): void {
  keys
    .command('rotate')
    .description('rotate an API key; the old secret keeps working for a grace period')
    .argument('<key-id>', 'key ID (key_…)')
    .option(
      '--grace-seconds <seconds>',
      'how long the old secret keeps working (default: 86400)',
      parseSeconds,
    )
    .addOption(
      new Option(
        '--grace-from <start>',
        'when the grace period starts: now, or when the new secret is first used, at most 30 days later (default: now)',
      ).choices(['now', 'first_use']),
    )
    .option('--force', 'rotate even if an old secret is still active')
    .option('--json', 'print the record and the key as one JSON line')
    .addHelpText('after', EXAMPLE)
    .action((keyId: string, { graceSeconds, graceFrom, force, json }: Options) =>
      withServices(async (services) => {
        const { projectId, id } = getKeyById(services, keyId);
        const body = {
          ...(graceSeconds === undefined ? {} : { grace_seconds: graceSeconds }),
          ...(graceFrom === undefined ? {} : { grace_from: graceFrom }),
          ...(force ? { force } : {}),
        };
        const project = chooseProject(services, projectId);
        const { key, secret } = await rotateKey(services, project, id, body, CLI_GRANTOR);
        if (json) return JSON.stringify({ ...toKeyJson(services, key), key: secret });
        return `${secret}\n\nThis is the new secret of ${key.id}, ${quote(key.name)}. It is shown once; store it like a password.`;
      }),
    );
}
