import { queryOptions, useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ApiKey, MintedKey, Page, ProjectSettings, UsageHour } from '../../api/answers.ts';
import { api } from '../../api/http.ts';
import { projectPath, useProject } from '../../api/project.ts';
import type { RevokeReason } from './key-labels.ts';
import type { UsageById } from './safety.ts';

const PAGE_MAX = 200;
const REFRESH_MS = 30_000;
export const USAGE_DAYS = 30;
/** How many keys' usage is asked for at once: well inside a member's burst of management requests. */
const USAGE_KEYS_MAX = 40;
const DAY_MS = 86_400_000;

async function loadAllKeys(projectId: string, signal: AbortSignal): Promise<ApiKey[]> {
  const keys: ApiKey[] = [];
  for (let cursor: string | undefined; ; ) {
    const query = { limit: PAGE_MAX, cursor };
    const page = await api<Page<ApiKey>>('GET', projectPath(projectId, '/api-keys'), { query, signal });
    keys.push(...page.data);
    if (page.next_cursor === null) return keys;
    cursor = page.next_cursor;
  }
}

const keysKey = (projectId: string) => ['projects', projectId, 'api-keys'] as const;

/** All keys of the project, newest first, renewed while the page is open: "last used" is worth little when old. */
export const keysQuery = (projectId: string) =>
  queryOptions({
    queryKey: keysKey(projectId),
    queryFn: ({ signal }) => loadAllKeys(projectId, signal),
    refetchInterval: REFRESH_MS,
  });

/** A key's requests of the last 30 days, by hour. */
const usageQuery = (projectId: string, keyId: string) =>
  queryOptions({
    queryKey: ['projects', projectId, 'api-key-usage', keyId],
    queryFn: async ({ signal }) => {
      const from = new Date(Date.now() - USAGE_DAYS * DAY_MS).toISOString();
      const path = projectPath(projectId, `/api-keys/${keyId}/usage`);
      return (await api<{ data: UsageHour[] }>('GET', path, { query: { from }, signal })).data;
    },
    staleTime: 60_000,
  });

/** Returns one key's usage. */
export function useKeyUsage(keyId: string) {
  const { project } = useProject();
  return useQuery(usageQuery(project.id, keyId));
}

/** Returns the usage of the keys used last, as far as it is loaded; keys without requests need none. */
export function useUsageOf(keys: readonly ApiKey[]): UsageById {
  const { project } = useProject();
  const used = keys
    .filter(({ last_used_at }) => last_used_at !== null)
    .toSorted((a, b) => ((a.last_used_at ?? '') < (b.last_used_at ?? '') ? 1 : -1))
    .slice(0, USAGE_KEYS_MAX);
  return useQueries({
    queries: used.map(({ id }) => usageQuery(project.id, id)),
    combine: (results) =>
      new Map(used.flatMap(({ id }, index) => (results[index]?.data ? [[id, results[index].data]] : []))),
  });
}

/** Returns the project's settings: how long its keys may live, and their default limits. */
export function useProjectSettings() {
  const { project, can } = useProject();
  return useQuery({
    queryKey: ['projects', project.id, 'settings'],
    queryFn: ({ signal }) => api<ProjectSettings>('GET', projectPath(project.id, '/project'), { signal }),
    enabled: can('project:read'),
  });
}

/** Only server keys are guarded so: the others can change nothing. */
const needsStepUp = ({ type }: Pick<ApiKey, 'type'>) => type === 'server';

/** Returns the verbs of keys. Each renews the list when it is done. */
export function useKeyActions() {
  const { path, project } = useProject();
  const client = useQueryClient();
  const onSettled = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: keysKey(project.id) }),
      client.invalidateQueries({ queryKey: ['projects', project.id, 'audit-log'] }),
    ]);
  const of = (id: string, verb = '') => path(`/api-keys/${id}${verb}`);
  return {
    create: useMutation({
      // The answer holds the whole key: it must not stay in the cache.
      gcTime: 0,
      mutationFn: (body: Record<string, unknown>) =>
        api<MintedKey>('POST', path('/api-keys'), { body, stepUp: body.type === 'server' }),
      onSettled,
    }),
    rotate: useMutation({
      gcTime: 0,
      mutationFn: ({ key, body }: { key: ApiKey; body: Record<string, unknown> }) =>
        api<MintedKey>('POST', of(key.id, '/rotate'), { body, stepUp: needsStepUp(key) }),
      onSettled,
    }),
    update: useMutation({
      mutationFn: ({ key, body }: { key: ApiKey; body: Record<string, unknown> }) =>
        api<ApiKey>('PATCH', of(key.id), { body, headers: { 'if-match': key.etag } }),
      onSettled,
    }),
    endGrace: useMutation({
      mutationFn: (key: ApiKey) => api<ApiKey>('POST', of(key.id, '/end-grace')),
      onSettled,
    }),
    revoke: useMutation({
      mutationFn: ({ key, reason }: { key: ApiKey; reason: RevokeReason }) =>
        api<ApiKey>('DELETE', of(key.id), { query: { reason } }),
      onSettled,
    }),
    restore: useMutation({
      mutationFn: (key: ApiKey) => api<ApiKey>('POST', of(key.id, '/restore'), { stepUp: needsStepUp(key) }),
      onSettled,
    }),
  };
}
