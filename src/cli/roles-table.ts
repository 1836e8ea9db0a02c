import type { Scope } from '../keys/scopes.ts';
import { ROLE_SCOPES, ROLES } from '../members/roles.ts';

/** What each scope lets a person do in the dashboard; in the order of the table. */
const LETS: Record<Scope, string> = {
  'analytics:read': 'see the numbers',
  'events:read': 'search, follow and export events',
  'events:write': 'send events',
  'users:read': 'look at one user of an app',
  'users:delete': 'erase such a user',
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

/** Returns the table of what each role may do, made from the scopes that are checked. */
export function renderRolesTable(): string {
  const rows = Object.entries(LETS).map(([scope, deed]) => {
    const cells = ROLES.map((role) => (ROLE_SCOPES[role].some((one) => one === scope) ? 'yes' : '-'));
    return `| ${deed} | \`${scope}\` | ${cells.join(' | ')} |`;
  });
  return [`| may | scope | ${ROLES.join(' | ')} |`, `|---|---|${'---|'.repeat(ROLES.length)}`, ...rows].join(
    '\n',
  );
}
