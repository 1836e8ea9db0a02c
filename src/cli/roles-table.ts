import type { Scope } from '../directory/scopes.ts';
import { ROLE_SCOPES, ROLES } from '../directory/scopes.ts';

/** What each scope in use allows in the dashboard, in the order of the table. */
const ALLOWS: Record<Scope, string> = {
  'analytics:read': 'view metrics',
  'events:read': 'search, stream and export events',
  'events:write': 'send events',
  'users:read': 'view users, their profiles and their events',
  'users:delete': 'erase people',
  'apps:read': 'view apps',
  'apps:write': 'add, edit and delete apps',
  'project:read': 'view project settings',
  'project:write': 'edit project settings and limits',
  'keys:read': 'view API keys and their usage',
  'keys:write': 'create, edit, rotate and revoke API keys',
  'audit:read': 'read the audit log',
  'members:read': 'view members and invitations',
  'members:write': 'invite people, change roles, remove members',
};

/** Returns the table of what each role may do, generated from the scopes that are enforced. */
export function renderRolesTable(): string {
  const rows = Object.entries(ALLOWS).map(([scope, action]) => {
    const cells = ROLES.map((role) => (ROLE_SCOPES[role].some((one) => one === scope) ? 'yes' : '-'));
    return `| ${action} | \`${scope}\` | ${cells.join(' | ')} |`;
  });
  return [
    `| permission | scope | ${ROLES.join(' | ')} |`,
    `|---|---|${'---|'.repeat(ROLES.length)}`,
    ...rows,
  ].join('\n');
}
