import type { Command } from 'commander';
import { createResetLink } from '../accounts/reset-password.ts';
import { CLI_REQUESTER } from '../api/caller.ts';
import { localUrl } from '../config/config.ts';
import type { ControlServices } from '../server/open-services.ts';
import { withServices } from './control/with-services.ts';
import { renderTable } from './terminal/table.ts';

/** Adds `appflow members`, which lists accounts and creates reset links for a lost password or second factor. */
export function addMembersCommand(program: Command): void {
  const members = program
    .command('members')
    .description('people who sign in to the dashboard')
    .helpOption('-h, --help', 'explain the command')
    .helpCommand(false);
  members
    .command('list')
    .description('list who has an account, with a line for each project and role')
    .option('--json', 'print one JSON line a membership, and one for who has none')
    .action(({ json }: { json?: true }) =>
      withServices((services) => renderMembers(services, json === true)),
    );
  members
    .command('reset-link')
    .description('print a link to a new password: it works once, for one hour, and ends every session')
    .argument('<email>', 'the e-mail address of the account')
    .option(
      '--without-second-factor',
      'it also switches the second factor off, for who lost the phone and the backup codes',
    )
    .action((email: string, { withoutSecondFactor }: { withoutSecondFactor?: true }) =>
      withServices(async (services) => {
        const purpose = withoutSecondFactor ? 'reset_without_totp' : 'reset';
        const token = await createResetLink(services, email, purpose, CLI_REQUESTER);
        if (token === undefined) throw new Error(`There is no account with the e-mail address ${email}.`);
        return `${services.config.publicUrl || localUrl(services.config)}/reset#${token}`;
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
  return renderTable([['PROJECT', 'ROLE', 'NAME', 'E-MAIL'], ...lines]);
}
