import { CEILINGS } from '../../../../../src/directory/scopes.ts';
import type { KeyScope, KeyType } from '../../../api/answers.ts';

export type ScopePreset = { id: string; label: string; hint: string; scopes: readonly KeyScope[] };

/** Common uses of server keys. The narrowest comes first and is the default. */
const SERVER_PRESETS: readonly ScopePreset[] = [
  { id: 'send', label: 'Send events', hint: 'Server-side events and imports', scopes: ['events:write'] },
  {
    id: 'read',
    label: 'Read data',
    hint: 'Events, users and analytics, read-only',
    scopes: ['events:read', 'analytics:read', 'users:read', 'apps:read', 'project:read'],
  },
  {
    id: 'manage',
    label: 'Manage apps and keys',
    hint: 'For provisioning and automation',
    scopes: ['apps:read', 'apps:write', 'keys:read', 'keys:write', 'project:read'],
  },
  {
    id: 'privacy',
    label: 'Erase users',
    hint: 'For privacy requests: profiles and erasure',
    scopes: ['users:read', 'users:delete'],
  },
  { id: 'all', label: 'Everything', hint: 'All scopes', scopes: CEILINGS.server },
];

const READ_PRESETS: readonly ScopePreset[] = [
  {
    id: 'report',
    label: 'Analytics, apps and project',
    hint: 'What BI tools need',
    scopes: CEILINGS.read_only,
  },
  { id: 'numbers', label: 'Analytics only', hint: 'For one chart or report', scopes: ['analytics:read'] },
];

/** Returns the scope presets of a type; none for client keys, which have exactly one scope. */
export function listPresets(type: KeyType): readonly ScopePreset[] {
  return { server: SERVER_PRESETS, client: [], read_only: READ_PRESETS }[type];
}

/** Returns the default scopes of a new key of this type. */
export function defaultScopes(type: KeyType): readonly KeyScope[] {
  return listPresets(type)[0]?.scopes ?? CEILINGS[type];
}

/** Returns the preset with exactly these scopes; undefined for a custom selection. */
export function findPreset(type: KeyType, scopes: readonly KeyScope[]): ScopePreset | undefined {
  return listPresets(type).find(
    (preset) =>
      preset.scopes.length === scopes.length && preset.scopes.every((scope) => scopes.includes(scope)),
  );
}

/** Returns the scopes with one added or removed, in the order of the type's ceiling. */
export function toggleScope(type: KeyType, scopes: readonly KeyScope[], scope: KeyScope): KeyScope[] {
  const isIn = scopes.includes(scope);
  return CEILINGS[type].filter((known) => (known === scope ? !isIn : scopes.includes(known)));
}
