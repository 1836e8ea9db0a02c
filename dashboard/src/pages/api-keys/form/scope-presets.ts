import { CEILINGS } from '../../../../../src/directory/scopes.ts';
import type { KeyScope, KeyType } from '../../../api/answers.ts';

export type ScopePreset = { id: string; label: string; hint: string; scopes: readonly KeyScope[] };

/** What server keys are usually made for; the narrowest comes first and is the default. */
const SERVER_PRESETS: readonly ScopePreset[] = [
  { id: 'send', label: 'Send events', hint: 'Server-side events and imports', scopes: ['events:write'] },
  {
    id: 'read',
    label: 'Read data',
    hint: 'Events, numbers and users, no changes',
    scopes: ['events:read', 'analytics:read', 'users:read', 'apps:read', 'project:read'],
  },
  {
    id: 'manage',
    label: 'Manage apps and keys',
    hint: 'Provisioning and automation',
    scopes: ['apps:read', 'apps:write', 'keys:read', 'keys:write', 'project:read'],
  },
  { id: 'all', label: 'Everything', hint: 'All scopes', scopes: CEILINGS.server },
];

const READ_PRESETS: readonly ScopePreset[] = [
  {
    id: 'report',
    label: 'Numbers, apps and project',
    hint: 'What BI tools need',
    scopes: CEILINGS.read_only,
  },
  { id: 'numbers', label: 'Numbers only', hint: 'For one chart or report', scopes: ['analytics:read'] },
];

/** Returns the sets of scopes offered for a type; none for client keys, which have exactly one. */
export function presetsOf(type: KeyType): readonly ScopePreset[] {
  return { server: SERVER_PRESETS, client: [], read_only: READ_PRESETS }[type];
}

/** Returns what a new key of this type starts with. */
export function defaultScopes(type: KeyType): readonly KeyScope[] {
  return presetsOf(type)[0]?.scopes ?? CEILINGS[type];
}

/** Returns the preset that has exactly these scopes; undefined when they were picked one by one. */
export function findPreset(type: KeyType, scopes: readonly KeyScope[]): ScopePreset | undefined {
  return presetsOf(type).find(
    (preset) =>
      preset.scopes.length === scopes.length && preset.scopes.every((scope) => scopes.includes(scope)),
  );
}

/** Returns the scopes with one added or taken away, in the ceiling's order. */
export function toggleScope(type: KeyType, scopes: readonly KeyScope[], scope: KeyScope): KeyScope[] {
  const isIn = scopes.includes(scope);
  return CEILINGS[type].filter((known) => (known === scope ? !isIn : scopes.includes(known)));
}
