import { queryOptions, useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ApiKey, MintedKey, Page, ProjectSettings, UsageHour } from '../../../api/answers.ts';
import type { Attempt } from '../../../api/attempts.ts';
import { api } from '../../../api/http.ts';
import { projectPath, useProject } from '../../../api/project.ts';
import type { RevokeReason } from './key-labels.ts';
import type { UsageById } from './safety.ts';

const PAGE_MAX = 200;
const REFRESH_MS = 30_000;
export const USAGE_DAYS = 30;
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

/** Hours of use by key, as far as they are loaded; `failed` are the keys whose use could not be. */
export type Usage = { hours: UsageById; failed: ReadonlySet<string> };

/** Returns the usage of these keys; of those never used, nothing needs to be asked. */
export function useUsageOf(keys: readonly ApiKey[]): Usage {
  const { project } = useProject();
  const used = keys.filter(({ last_used_at }) => last_used_at !== null);
  return useQueries({
    queries: used.map(({ id }) => usageQuery(project.id, id)),
    combine: (results) => ({
      hours: new Map(
        used.flatMap(({ id }, index) => (results[index]?.data ? [[id, results[index].data]] : [])),
      ),
      failed: new Set(used.flatMap(({ id }, index) => (results[index]?.isError ? [id] : []))),
    }),
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

/** Whether a deed on this key asks for the password first: only server keys can do harm. */
export const needsStepUp = ({ type }: Pick<ApiKey, 'type'>) => type === 'server';

/**
 * Returns what loads the keys and the audit log anew, once a key was changed. Nothing waits for it: a secret that is
 * shown once must not be held back until a busy server has told the rest again.
 */
export function useKeyRenewal(): () => void {
  const { project } = useProject();
  const client = useQueryClient();
  return () => {
    void client.invalidateQueries({ queryKey: keysKey(project.id) });
    void client.invalidateQueries({ queryKey: ['projects', project.id, 'audit-log'] });
  };
}

type Sent = Attempt<Record<string, unknown>>;

/** Returns the verbs of keys. Each renews the list when it is done. */
export function useKeyActions() {
  const { path, project } = useProject();
  const client = useQueryClient();
  const onSettled = useKeyRenewal();
  const of = (id: string, verb = '') => path(`/api-keys/${id}${verb}`);
  const once = (idempotencyKey: string) => ({ headers: { 'idempotency-key': idempotencyKey } });
  return {
    create: useMutation({
      // The answer holds the whole key: it must not stay in the cache.
      gcTime: 0,
      mutationFn: ({ body, idempotencyKey }: Sent) => {
        const options = { body, stepUp: body.type === 'server', ...once(idempotencyKey) };
        return api<MintedKey>('POST', path('/api-keys'), options);
      },
      onSettled,
    }),
    rotate: useMutation({
      gcTime: 0,
      mutationFn: ({ key, body, idempotencyKey }: Sent & { key: ApiKey }) => {
        const options = { body, stepUp: needsStepUp(key), ...once(idempotencyKey) };
        return api<MintedKey>('POST', of(key.id, '/rotate'), options);
      },
      onSettled,
    }),
    update: useMutation({
      mutationFn: ({ key, body }: { key: ApiKey; body: Record<string, unknown> }) =>
        api<ApiKey>('PATCH', of(key.id), { body, headers: { 'if-match': key.etag } }),
      onSuccess: (saved) =>
        client.setQueryData(keysQuery(project.id).queryKey, (keys) =>
          keys?.map((key) => (key.id === saved.id ? saved : key)),
        ),
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
  };
}
