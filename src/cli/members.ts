import type { Command } from 'commander';
import { createResetLink } from '../accounts/reset-password.ts';
import { CLI_REQUESTER } from '../api/caller.ts';
import type { ControlServices } from '../server/open-services.ts';
import { expectedServerUrl } from '../server/server-url.ts';
import { withServices } from './control/with-services.ts';
import { renderTable } from './terminal/table.ts';

/** Adds `appflow members`, which lists accounts and creates reset links for a lost password or second factor. */
export function addMembersCommand(program: Command): void {
  const members = program
    .command('members')
    .description('manage the people who sign in to the dashboard')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false);
  members
    .command('list')
    .description('list accounts, one line per project and role')
    .option('--json', 'print one JSON line per membership, and one for each account without any')
    .action(({ json }: { json?: true }) =>
      withServices((services) => renderMembers(services, json === true)),
    );
  members
    .command('reset-link')
    .description(
      'print a link for setting a new password; it works once, expires after one hour and signs out every session',
    )
    .argument('<email>', 'email address of the account')
    .option(
      '--without-second-factor',
      'also turn off the second factor, for people who lost both phone and backup codes',
    )
    .action((email: string, { withoutSecondFactor }: { withoutSecondFactor?: true }) =>
      withServices(async (services) => {
        const purpose = withoutSecondFactor ? 'reset_without_totp' : 'reset';
        const token = await createResetLink(services, email, purpose, CLI_REQUESTER);
        if (token === undefined) throw new Error(`There is no account with the email address ${email}.`);
        return `${services.config.publicUrl || expectedServerUrl(services.config)}/reset#${token}`;
      }),
    );
}

async function renderMembers({ control, directory }: ControlServices, isJson: boolean): Promise<string> {
  const rows = await control.db
    .selectFrom('people')
    .leftJoin('project_members', 'project_members.person_id', 'people.id')
    .select([
      'people.id',
      'people.name',
      'people.email',
      'project_members.role',
      'project_members.project_id',
    ])
    .orderBy('project_members.project_id')
    .orderBy('project_members.created_at')
    .orderBy('people.id')
    .execute();
  if (isJson) return rows.map((row) => JSON.stringify(row)).join('\n');
  if (rows.length === 0) return 'There are no accounts yet. The server prints a setup link when it starts.';
  const lines = rows.map(({ name, email, role, project_id }) => [
    project_id === null ? '-' : (directory.findProject(project_id)?.name ?? project_id),
    role ?? '-',
    name,
    email,
  ]);
  return renderTable([['PROJECT', 'ROLE', 'NAME', 'EMAIL'], ...lines]);
}
