import type { Command } from 'commander';
import { type ApiKey, statusOf } from '../../keys/key.ts';
import { tellKey } from '../../keys/key-json.ts';
import { chooseProject } from './project.ts';
import { withServices } from './with-services.ts';

/** Adds `appflow keys list`. */
export function addListCommand(keys: Command): void {
  keys
    .command('list')
    .description('list the API keys of a project, newest first')
    .option('--project <id>', 'whose keys; not needed when there is only one project')
    .option('--json', 'print the records as one JSON line')
    .action((options: { project?: string; json?: true }) =>
      withServices(async (services) => {
        const project = chooseProject(services, options.project);
        const now = services.clock.now();
        const found = services.directory
          .listKeys(project.id)
          .toSorted((one, other) => (one.id < other.id ? 1 : -1));
        if (options.json) return JSON.stringify({ data: found.map((key) => tellKey(services, key)) });
        return renderTable(found, now);
      }),
    );
}

function renderTable(keys: readonly ApiKey[], now: number): string {
  const rows = keys.map((key) => [
    key.id,
    key.type,
    statusOf(key, now),
    key.secrets[0]?.hint ?? '',
    key.name,
  ]);
  const table = [['id', 'type', 'status', 'key', 'name'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
