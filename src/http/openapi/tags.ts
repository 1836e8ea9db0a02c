import type { Route } from '../../api/route.ts';

/** The groups of operations, in the order of the documentation. */
export const TAGS = [
  {
    name: 'Events',
    description: 'Send events, search and export them, follow them live, and see why some are rejected.',
  },
  { name: 'Analytics', description: 'Query active users, sessions, events and revenue of an app.' },
  {
    name: 'Users',
    description: 'Find the people who use an app, read their profiles and events, and erase them.',
  },
  { name: 'Saved', description: 'Annotations of charts, saved views of the dashboard, and saved funnels.' },
  {
    name: 'SDKs',
    description:
      "What PostHog's, Segment's, RudderStack's and Amplitude's SDKs call. Only their own clients need it.",
  },
  { name: 'Apps', description: 'Manage the apps of a project.' },
  { name: 'Project', description: 'Read and change the settings of a project.' },
  { name: 'API keys', description: 'Create, restrict, rotate and revoke API keys.' },
  { name: 'Audit log', description: 'List and export what happened in a project.' },
  { name: 'Secret scanning', description: 'Find API keys that leaked, and report them.' },
  { name: 'System', description: 'Health checks and the OpenAPI document. No key required.' },
] as const;

type Tag = (typeof TAGS)[number]['name'];

const BY_PREFIX: readonly (readonly [prefix: string, tag: Tag])[] = [
  ['/v1/events', 'Events'],
  ['/v1/ingestion', 'Events'],
  ['/v1/analytics', 'Analytics'],
  ['/v1/annotations', 'Saved'],
  ['/v1/views', 'Saved'],
  ['/v1/funnels', 'Saved'],
  ['/v1/users', 'Users'],
  ['/v1/erasures', 'Users'],
  ['/v1/apps', 'Apps'],
  ['/v1/project', 'Project'],
  ['/v1/api-keys', 'API keys'],
  ['/v1/audit-log', 'Audit log'],
  ['/.well-known/appflow-key-patterns.json', 'Secret scanning'],
  ['/hooks/secret-scanning', 'Secret scanning'],
  ['/flags', 'SDKs'],
];

/** Returns the tag of a route. Throws for a path under `/v1` that no tag covers. */
export function tagOf({ path, dialect }: Pick<Route, 'path' | 'dialect'>): Tag {
  if (dialect) return 'SDKs';
  const tag = BY_PREFIX.find(([prefix]) => path.startsWith(prefix))?.[1];
  if (tag === undefined && path.startsWith('/v1/')) throw new Error(`${path} has no tag.`);
  return tag ?? 'System';
}
