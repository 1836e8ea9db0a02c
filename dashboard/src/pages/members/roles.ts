import type { Role } from '../../api/answers.ts';

/** What each role may do, the most first. */
export const ROLES: readonly { role: Role; label: string; meaning: string }[] = [
  { role: 'owner', label: 'Owner', meaning: 'Everything, removing other owners included.' },
  { role: 'admin', label: 'Admin', meaning: 'Everything but removing owners.' },
  {
    role: 'developer',
    label: 'Developer',
    meaning: 'Everything but changing members, API keys and project settings, and erasing users.',
  },
  { role: 'analyst', label: 'Analyst', meaning: 'Reads numbers, events and users. Changes nothing.' },
];

/** Returns what a role is called. */
export function labelOf(role: Role): string {
  return ROLES.find((known) => known.role === role)?.label ?? role;
}

/** Returns the roles that a member of role `own` may give; only owners make owners. */
export function rolesToGive(own: Role): readonly (typeof ROLES)[number][] {
  return own === 'owner' ? ROLES : ROLES.filter(({ role }) => role !== 'owner');
}
