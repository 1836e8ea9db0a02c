import type { Role } from '../../api/answers.ts';

/** What each role may do, most powerful first. */
export const ROLES: readonly { role: Role; label: string; description: string }[] = [
  { role: 'owner', label: 'Owner', description: 'Everything, removing other owners included.' },
  { role: 'admin', label: 'Admin', description: 'Everything but removing owners.' },
  {
    role: 'developer',
    label: 'Developer',
    description: 'Everything but changing members, API keys and project settings, and erasing users.',
  },
  { role: 'analyst', label: 'Analyst', description: 'Reads numbers, events and users. Changes nothing.' },
];

/** Returns the display name of a role. */
export function roleLabel(role: Role): string {
  return ROLES.find((known) => known.role === role)?.label ?? role;
}

/** Returns the roles that a member with role `own` may assign: only owners can assign owner. */
export function assignableRoles(own: Role): readonly (typeof ROLES)[number][] {
  return own === 'owner' ? ROLES : ROLES.filter(({ role }) => role !== 'owner');
}
