import { type Command, InvalidArgumentError, Option } from 'commander';
import { findPersonId } from '../accounts/account.ts';
import { CLI_REQUESTER } from '../api/caller.ts';
import { isCurrency, isTimeZone } from '../api/formats.ts';
import { createApp } from '../apps/create.ts';
import { type Config, readCommandConfig } from '../config/config.ts';
import { type App, PLATFORMS } from '../directory/app.ts';
import { KEY_TYPES, type KeyType } from '../directory/scopes.ts';
import { containsKey } from '../directory/secret.ts';
import { createKey } from '../keys/create.ts';
import { CLI_GRANTOR } from '../keys/escalation.ts';
import { createProject, type FindOwner } from '../projects/create.ts';
import { openControlServices } from '../server/open-services.ts';
import { type Initialized, type InitOptions, renderInitialized } from './init-text.ts';
import { printResult } from './terminal/print.ts';
import { UsageError } from './terminal/usage-error.ts';

const KEY_NAMES: Record<KeyType, string> = {
  server: 'First server key',
  client: 'First client key',
  read_only: 'First read-only key',
};

/**
 * Creates a project with an app and a key of each type. Works with or without a running server on the same folder.
 * Throws UsageError if there is no account with the owner's email address.
 */
export async function init(config: Config, options: InitOptions): Promise<Initialized> {
  const services = await openControlServices(config);
  try {
    const project = await createProject(services, options.project, CLI_REQUESTER, toFindOwner(options.owner));
    const { timezone, currency } = options;
    const fields = {
      name: options.app,
      platform: options.platform,
      ...(timezone === undefined ? {} : { timezone }),
      ...(currency === undefined ? {} : { currency }),
    };
    const app: App = await createApp(services, project.id, fields, CLI_REQUESTER);
    const secrets = {} as Record<KeyType, string>;
    for (const type of KEY_TYPES) {
      const { secret } = await createKey(services, project, { name: KEY_NAMES[type], type }, CLI_GRANTOR);
      secrets[type] = secret;
    }
    return {
      project_id: project.id,
      app_id: app.id,
      server_key: secrets.server,
      client_key: secrets.client,
      read_only_key: secrets.read_only,
    };
  } finally {
    await services.close();
  }
}

function toFindOwner(email: string | undefined): FindOwner | undefined {
  if (email === undefined) return undefined;
  return async (tx) => {
    const id = await findPersonId(tx, email);
    if (id === undefined) throw new UsageError(`There is no account with the email address ${email}.`);
    return id;
  };
}

const NAME_CHARACTERS_MAX = 100;

function parseName(text: string): string {
  if (containsKey(text)) throw new InvalidArgumentError('Must not contain an API key.');
  const name = text.trim();
  if (name.length >= 1 && name.length <= NAME_CHARACTERS_MAX) return name;
  throw new InvalidArgumentError(`Must have 1 to ${NAME_CHARACTERS_MAX} characters.`);
}

function parseTimeZone(text: string): string {
  if (isTimeZone(text)) return text;
  throw new InvalidArgumentError('Must be an IANA time zone such as Europe/Berlin.');
}

function parseCurrency(text: string): string {
  if (isCurrency(text)) return text;
  throw new InvalidArgumentError('Must be an uppercase ISO 4217 code such as USD.');
}

/** Adds `appflow init`, which creates a new project each time, with an app and one key of each type. */
export function addInitCommand(program: Command): void {
  program
    .command('init')
    .description(
      'create a project with an app and one key of each type; works with or without a running server',
    )
    .option('--project <name>', 'project name', parseName, 'My Project')
    .option('--app <name>', 'name of the first app', parseName, 'My App')
    .addOption(new Option('--platform <platform>', 'platform of the app').choices(PLATFORMS).default('other'))
    .option('--timezone <name>', 'IANA time zone for daily totals (default: UTC)', parseTimeZone)
    .option('--currency <code>', 'ISO 4217 currency for revenue (default: USD)', parseCurrency)
    .option(
      '--owner <email>',
      'email address of the account that owns the project (default: the first account)',
    )
    .option('--json', 'print the IDs and keys as one JSON line')
    .action(async (options: InitOptions & { json?: true }) => {
      const config = readCommandConfig();
      const made = await init(config, options);
      const text = options.json ? JSON.stringify(made) : renderInitialized(config, options, made);
      printResult(text);
    });
}
