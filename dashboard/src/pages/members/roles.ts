import type { Role } from '../../api/answers.ts';

/** What each role may do, most powerful first. */
export const ROLES: readonly { role: Role; label: string; description: string }[] = [
  {
    role: 'owner',
    label: 'Owner',
    description: 'Full access, including managing owners and deleting the project.',
  },
  {
    role: 'admin',
    label: 'Admin',
    description: 'Full access, except managing owners and deleting the project.',
  },
  {
    role: 'developer',
    label: 'Developer',
    description: 'Full access, except managing members, API keys and project settings.',
  },
  { role: 'analyst', label: 'Analyst', description: 'View-only access to analytics and events.' },
];

/** Returns the display name of a role. */
export function roleLabel(role: Role): string {
  return ROLES.find((known) => known.role === role)?.label ?? role;
}

/** Returns the roles that a member with role `own` may assign: only owners can assign owner. */
export function assignableRoles(own: Role): readonly (typeof ROLES)[number][] {
  return own === 'owner' ? ROLES : ROLES.filter(({ role }) => role !== 'owner');
}
