/** What a key can be allowed to do. Members' roles know two more, above every key's ceiling. */
export const KEY_SCOPES = [
  'events:write',
  'events:read',
  'analytics:read',
  'users:read',
  'users:delete',
  'apps:read',
  'apps:write',
  'project:read',
  'project:write',
  'keys:read',
  'keys:write',
  'audit:read',
] as const;

export type KeyScope = (typeof KEY_SCOPES)[number];

/** Includes what only people's roles can hold, above every key's ceiling. */
export type Scope = KeyScope | 'members:read' | 'members:write';

export const KEY_TYPES = ['server', 'client', 'read_only'] as const;

export type KeyType = (typeof KEY_TYPES)[number];

/** The most a key of each type can ever do, whatever its scopes say. */
export const CEILINGS: Record<KeyType, readonly KeyScope[]> = {
  server: KEY_SCOPES,
  client: ['events:write'],
  read_only: ['analytics:read', 'apps:read', 'project:read'],
};

/** Prefix of each type's secrets. */
export const TYPE_PREFIXES: Record<KeyType, string> = { server: 'sk', client: 'ck', read_only: 'ro' };

/** Returns what a key can do: its type's ceiling, narrowed by its own scopes when it has any. */
export function effectiveScopes(type: KeyType, scopes: readonly Scope[] | null): ReadonlySet<Scope> {
  const ceiling = CEILINGS[type];
  return new Set(scopes === null ? ceiling : ceiling.filter((scope) => scopes.includes(scope)));
}

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
export const isAdminRole = (role: Role): boolean => role === 'owner' || role === 'admin';
