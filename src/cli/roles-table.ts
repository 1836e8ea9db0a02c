import type { RESERVED_SCOPES, Scope } from '../directory/scopes.ts';
import { ROLE_SCOPES, ROLES } from '../directory/scopes.ts';

/** What each scope in use allows in the dashboard, in the order of the table. */
const ALLOWS: Record<Exclude<Scope, (typeof RESERVED_SCOPES)[number]>, string> = {
  'analytics:read': 'see the numbers',
  'events:read': 'search, follow and export events',
  'events:write': 'send events',
  'apps:read': 'see the apps',
  'apps:write': 'add, change and delete apps',
  'project:read': 'see the settings of the project',
  'project:write': 'change them, its limits included',
  'keys:read': 'see API keys and what they are used for',
  'keys:write': 'make, change, rotate and revoke API keys',
  'audit:read': 'read the audit log',
  'members:read': 'see members and invitations',
  'members:write': 'invite, give other roles, remove',
};

/** Returns the table of what each role may do, generated from the scopes that are enforced. */
export function renderRolesTable(): string {
  const rows = Object.entries(ALLOWS).map(([scope, action]) => {
    const cells = ROLES.map((role) => (ROLE_SCOPES[role].some((one) => one === scope) ? 'yes' : '-'));
    return `| ${action} | \`${scope}\` | ${cells.join(' | ')} |`;
  });
  return [`| may | scope | ${ROLES.join(' | ')} |`, `|---|---|${'---|'.repeat(ROLES.length)}`, ...rows].join(
    '\n',
  );
}
