import { type Command, Option } from 'commander';
import { validationFailed } from '../../http/errors.ts';
import { compileCheck } from '../../http/validate.ts';
import { CREATE_KEY_BODY, type CreateKeyBody, createKey } from '../../keys/create.ts';
import { tellKey } from '../../keys/key-json.ts';
import { CLI_MAKER } from '../../keys/maker.ts';
import { KEY_TYPES } from '../../keys/scopes.ts';
import { chooseProject } from './project.ts';
import { withServices } from './with-services.ts';

type Options = {
  project?: string;
  type: string;
  name: string;
  scopes?: string[];
  appIds?: string[];
  expiresAt?: string;
  json?: true;
};

const parseList = (text: string) => text.split(',').map((part) => part.trim());

const check = compileCheck(CREATE_KEY_BODY);

/** Returns the options as the API's body, judged by the API's own schema. Throws 422 telling every mistake. */
function toBody({ type, name, scopes, appIds, expiresAt }: Options): CreateKeyBody {
  const body = {
    type,
    name,
    ...(scopes ? { scopes } : {}),
    ...(appIds ? { app_ids: appIds } : {}),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
  };
  const errors = check(body);
  if (errors.length > 0) throw validationFailed(errors);
  return body as CreateKeyBody;
}

/** Adds `appflow keys create`. */
export function addCreateCommand(keys: Command): void {
  keys
    .command('create')
    .description('make an API key; it is shown once')
    .option('--project <id>', 'whose key it is; not needed when there is only one project')
    .addOption(new Option('--type <type>', 'what it is for').choices(KEY_TYPES).makeOptionMandatory())
    .requiredOption('--name <name>', 'what to call it')
    .option('--scopes <scopes>', 'what it may do, separated by commas (all its type can do)', parseList)
    .option('--app-ids <ids>', 'apps it reaches, separated by commas (all)', parseList)
    .option('--expires-at <time>', 'when it ends, such as 2027-01-31T00:00:00Z (never)')
    .option('--json', 'print the record and the key as one JSON line')
    .action((options: Options) =>
      withServices(async (services) => {
        const project = chooseProject(services, options.project);
        const { key, secret } = await createKey(services, project, toBody(options), CLI_MAKER);
        if (options.json) return JSON.stringify({ ...tellKey(services, key), key: secret });
        return `${secret}\n\nThis is ${key.id}, "${key.name}" of ${project.name}. The key is shown only now; keep it like a password.`;
      }),
    );
}
