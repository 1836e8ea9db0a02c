import { type Command, InvalidArgumentError, Option } from 'commander';
import { KEY_SDKS } from '../../api/dialect.ts';
import { validationFailed } from '../../api/errors.ts';
import { compileCheck } from '../../api/validate.ts';
import { KEY_TYPES } from '../../directory/scopes.ts';
import { CREATE_KEY_BODY, type CreateKeyBody, createKey } from '../../keys/create.ts';
import { CLI_GRANTOR } from '../../keys/escalation.ts';
import { toKeyJson } from '../../keys/key-json.ts';
import { PROGRAM } from '../../lib/program.ts';
import { escapeValue } from '../../lib/text/visible-text.ts';
import { chooseProject } from '../control/choose-project.ts';
import { withServices } from '../control/with-services.ts';
import { quote } from '../terminal/print.ts';

type Options = {
  project?: string;
  type: string;
  name: string;
  scopes?: string[];
  appIds?: string[];
  expiresAt?: string;
  ipAllowlist?: string[];
  allowedOrigins?: string[];
  bundleIds?: string[];
  allowedSdks?: string[];
  rateLimits?: unknown;
  metadata?: Record<string, string>;
  json?: true;
};

const EXAMPLE = `
Example: a key for one backend that can only read:
  ${PROGRAM} keys create --type server --name "Reports" --scopes analytics:read,events:read \\
    --ip-allowlist 203.0.113.0/24 --metadata team=growth \\
    --rate-limits '{"analytics":{"requests":{"rate":2,"burst":20}}}'`;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError(
      'Must be JSON such as \'{"events":{"requests":{"rate":100,"burst":500}}}\'.',
    );
  }
}

/** Adds one NAME=VALUE to those given before. The value may contain more equals signs. */
function addMetadata(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('Must be NAME=VALUE.');
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`${name} is set twice.`);
  return { ...before, [name]: value };
}

const check = compileCheck(CREATE_KEY_BODY);

/** Returns the options as the API's body, validated by the API's own schema. Throws 422 with every mistake. */
function toBody(options: Options): CreateKeyBody {
  const fields = {
    type: options.type,
    name: options.name,
    scopes: options.scopes,
    app_ids: options.appIds,
    expires_at: options.expiresAt,
    ip_allowlist: options.ipAllowlist,
    allowed_origins: options.allowedOrigins,
    bundle_ids: options.bundleIds,
    allowed_sdks: options.allowedSdks,
    rate_limits: options.rateLimits,
    metadata: options.metadata,
  };
  const body = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const errors = check(body);
  if (errors.length > 0) throw validationFailed(errors);
  return body as CreateKeyBody;
}

/** Adds `appflow keys create`. */
export function addCreateCommand(keys: Command): void {
  keys
    .command('create')
    .description(
      'create an API key, which is shown once. Separate the items of a list with commas, or repeat the option',
    )
    .option('--project <id>', 'project ID (not needed if there is only one project)')
    .addOption(new Option('--type <type>', 'key type').choices(KEY_TYPES).makeOptionMandatory())
    .requiredOption('--name <name>', 'name')
    .option('--scopes <scopes>', 'scopes (default: all of its type)', parseList)
    .option('--app-ids <ids>', 'app IDs (default: all)', parseList)
    .option('--expires-at <time>', 'expiry, such as 2027-01-31T00:00:00Z (default: never)')
    .option(
      '--ip-allowlist <networks>',
      'IP addresses or CIDR ranges it can be used from (default: any)',
      parseList,
    )
    .option(
      '--allowed-origins <origins>',
      'web origins a read_only key can be used from (default: none)',
      parseList,
    )
    .option(
      '--bundle-ids <ids>',
      'bundle IDs of the apps that should use a client key (default: any)',
      parseList,
    )
    .option(
      '--allowed-sdks <sdks>',
      `SDKs that can send with a client key (default: all): ${KEY_SDKS.join(', ')}`,
      parseList,
    )
    .option('--rate-limits <json>', "rate limits, as in the API (default: the installation's)", parseJson)
    .option('--metadata <name=value>', 'note stored with the key; can be repeated', addMetadata)
    .option('--json', 'print the record and the key as one JSON line')
    .addHelpText('after', EXAMPLE)
    .action((options: Options) =>
      withServices(async (services) => {
        const project = chooseProject(services, options.project);
        const { key, secret } = await createKey(services, project, toBody(options), CLI_GRANTOR);
        if (options.json) return JSON.stringify({ ...toKeyJson(services, key), key: secret });
        return `${secret}\n\nThis is ${key.id}, ${quote(key.name)} of ${escapeValue(project.name)}. The key is shown once; store it like a password.`;
      }),
    );
}

/** Returns the items of a comma-separated list, appended to those of earlier uses of the option. */
function parseList(text: string, before: readonly string[] = []): string[] {
  return [...before, ...text.split(',').map((part) => part.trim())];
}
