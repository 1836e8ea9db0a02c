/**
 * The scopes that a key can have. Roles of members have two more, which no key can have.
 * To add one: add it here, and decide CEILINGS and ROLE_SCOPES below (server keys without own scopes, owners, admins
 * and developers get it immediately) and the dashboard's `scope-presets.ts`. The compiler names the other places, `npm run
 * docs` the rest.
 */
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

/** One of `KEY_SCOPES`. */
export type KeyScope = (typeof KEY_SCOPES)[number];

/** A scope of a key or of a role. */
export type Scope = KeyScope | 'members:read' | 'members:write';

/** The types of keys. */
export const KEY_TYPES = ['server', 'client', 'read_only'] as const;

/** One of `KEY_TYPES`. */
export type KeyType = (typeof KEY_TYPES)[number];

/** The ceiling of each type: the scopes that its keys can have at most. */
export const CEILINGS: Record<KeyType, readonly KeyScope[]> = {
  server: KEY_SCOPES,
  client: ['events:write'],
  read_only: ['analytics:read', 'apps:read', 'project:read'],
};

/** The prefix of each type's secrets. */
export const TYPE_PREFIXES: Record<KeyType, string> = { server: 'sk', client: 'ck', read_only: 'ro' };

/** Returns the scopes that a key has: its type's ceiling, limited to its own scopes if it has any. */
export function effectiveScopes(type: KeyType, scopes: readonly Scope[] | null): ReadonlySet<Scope> {
  const ceiling = CEILINGS[type];
  return new Set(scopes === null ? ceiling : ceiling.filter((scope) => scopes.includes(scope)));
}

/** The roles a person can have in a project, the most powerful first. */
export const ROLES = ['owner', 'admin', 'developer', 'analyst'] as const;

/** One of `ROLES`. */
export type Role = (typeof ROLES)[number];

const ALL: readonly Scope[] = [...KEY_SCOPES, 'members:read', 'members:write'];

const NOT_FOR_DEVELOPERS: readonly Scope[] = ['members:write', 'keys:write', 'project:write', 'users:delete'];

/** Returns a role from the database, which only ever contains roles. */
export const readRole = (stored: string): Role => stored as Role;

/** The scopes of each role, checked in the same way as a key's. */
export const ROLE_SCOPES: Record<Role, readonly Scope[]> = {
  owner: ALL,
  admin: ALL,
  developer: ALL.filter((scope) => !NOT_FOR_DEVELOPERS.includes(scope)),
  analyst: ['analytics:read', 'events:read', 'users:read', 'apps:read', 'project:read'],
};
