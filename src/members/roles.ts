import { KEY_SCOPES, type Scope } from '../directory/scopes.ts';

/** What a person can be in a project, the mightiest first. */
export const ROLES = ['owner', 'admin', 'developer', 'analyst'] as const;

export type Role = (typeof ROLES)[number];

const ALL: readonly Scope[] = [...KEY_SCOPES, 'members:read', 'members:write'];

const NOT_FOR_DEVELOPERS: readonly Scope[] = ['members:write', 'keys:write', 'project:write', 'users:delete'];

/** Returns a role as the database holds it: only roles are ever written. */
export const readRole = (stored: string): Role => stored as Role;

/** Each role as a set of scopes, judged by the same check as a key's. */
export const ROLE_SCOPES: Record<Role, readonly Scope[]> = {
  owner: ALL,
  admin: ALL,
  developer: ALL.filter((scope) => !NOT_FOR_DEVELOPERS.includes(scope)),
  analyst: ['analytics:read', 'events:read', 'users:read', 'apps:read', 'project:read'],
};

/** Whether giving this role asks for the password once more: it can give itself everything. */
export const isMighty = (role: Role): boolean => role === 'owner' || role === 'admin';
