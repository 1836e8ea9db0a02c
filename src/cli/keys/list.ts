import { type Command, Option } from 'commander';
import { type ApiKey, KEY_STATUSES, type KeyStatus, statusOf } from '../../directory/key.ts';
import { KEY_TYPES, type KeyType } from '../../directory/scopes.ts';
import { toKeyJson } from '../../keys/key-json.ts';
import { createKeyFilter } from '../../keys/list.ts';
import { PROGRAM } from '../../lib/program.ts';
import { chooseProject } from '../control/choose-project.ts';
import { readServices } from '../control/read-services.ts';
import { renderTable } from '../terminal/table.ts';

type Options = { project?: string; type?: KeyType; status?: KeyStatus; json?: true };

const EXAMPLE = `
Example: server keys that expire within 30 days:
  ${PROGRAM} keys list --type server --status expiring`;

/** The operator sees every key of the project. */
const EVERY_APP = { appIds: null };

/** Adds `appflow keys list`, which only reads, even while another process writes. */
export function addListCommand(keys: Command): void {
  keys
    .command('list')
    .description('list the API keys of a project, newest first')
    .option('--project <id>', 'project ID (not needed if there is only one project)')
    .addOption(new Option('--type <type>', 'only keys of this type').choices(KEY_TYPES))
    .addOption(new Option('--status <status>', 'only keys with this status').choices(KEY_STATUSES))
    .option('--json', 'print the records as one JSON line')
    .addHelpText('after', EXAMPLE)
    .action(({ project: projectId, json, ...filters }: Options) =>
      readServices((services) => {
        const project = chooseProject(services, projectId);
        const matches = createKeyFilter(services, { principal: EVERY_APP }, filters);
        const found = services.directory.listKeys(project.id).filter(matches).toReversed();
        if (json) return JSON.stringify({ data: found.map((key) => toKeyJson(services, key)) });
        return renderKeys(found, services.clock.now());
      }),
    );
}

function renderKeys(keys: readonly ApiKey[], now: number): string {
  const rows = keys.map((key) => [
    key.id,
    key.type,
    statusOf(key, now),
    key.secrets[0]?.hint ?? '',
    key.name,
  ]);
  return renderTable([['id', 'type', 'status', 'key', 'name'], ...rows]);
}
