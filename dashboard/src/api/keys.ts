import {
  type QueryClient,
  queryOptions,
  useMutation,
  useQueries,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { isGuardedChange, isGuardedType } from '../../../src/keys/step-up-rules.ts';
import { DAY_MS } from '../../../src/lib/durations.ts';
import type { ApiKey, KeyChange, NewKey, RevokeReason, Rotation, UsageHour } from './answers.ts';
import { type Attempt, idempotencyHeader } from './attempts.ts';
import { refreshAuditLog } from './audit-log.ts';
import { call } from './http.ts';
import { projectKey, useProject } from './project.ts';

const PAGE_MAX = 200;
export const USAGE_DAYS = 30;

async function listAllKeys(projectId: string, signal: AbortSignal): Promise<ApiKey[]> {
  const keys: ApiKey[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await call('GET /app/v1/projects/{project_id}/api-keys', {
      params: { project_id: projectId },
      query: { limit: PAGE_MAX, cursor },
      signal,
    });
    keys.push(...page.data);
    if (page.next_cursor === null) return keys;
    cursor = page.next_cursor;
  }
}

/** All keys of the project, newest first. */
export const keysQuery = (projectId: string) =>
  queryOptions({
    queryKey: [...projectKey(projectId), 'api-keys'],
    queryFn: ({ signal }) => listAllKeys(projectId, signal),
  });

const keysUsageKey = (projectId: string) => [...projectKey(projectId), 'api-key-usage'] as const;

/** The requests of a key in the last 30 days, by hour. */
const usageQuery = (projectId: string, id: string) =>
  queryOptions({
    queryKey: [...keysUsageKey(projectId), id],
    queryFn: async ({ signal }) => {
      const answer = await call('GET /app/v1/projects/{project_id}/api-keys/{id}/usage', {
        params: { project_id: projectId, id },
        query: { from: new Date(Date.now() - USAGE_DAYS * DAY_MS).toISOString() },
        signal,
      });
      return answer.data;
    },
    staleTime: 60_000,
  });

/** Returns the usage of one key. */
export function useKeyUsage(keyId: string) {
  const { project } = useProject();
  return useQuery(usageQuery(project.id, keyId));
}

/** Usage by key id. Keys whose usage is not loaded are absent. */
export type UsageById = ReadonlyMap<string, readonly UsageHour[]>;

/** The usage loaded so far; `failed` are the keys for which loading failed. */
export type Usage = { hours: UsageById; failed: ReadonlySet<string> };

/** Returns the usage of these keys. Nothing is requested for keys that were never used. */
export function useKeysUsage(keys: readonly ApiKey[]): Usage {
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

/**
 * Reloads the keys and the audit log after a key was changed. Returns nothing to wait for: a secret that is shown once
 * must not be held back until a busy server has answered the rest.
 */
export function refreshKeys(client: QueryClient, projectId: string): void {
  void client.invalidateQueries({ queryKey: keysQuery(projectId).queryKey });
  void refreshAuditLog(client, projectId);
}

/** Creates a key; a server or read-only key after the password. The answer has the secret, the only time. */
export const createKey = (projectId: string, { body, idempotencyKey }: Attempt<NewKey>) =>
  call('POST /app/v1/projects/{project_id}/api-keys', {
    params: { project_id: projectId },
    body,
    stepUp: isGuardedType(body.type),
    headers: idempotencyHeader(idempotencyKey),
  });

/** Returns the mutations of keys. Each reloads the list when it settles. */
export function useKeyActions() {
  const { project } = useProject();
  const client = useQueryClient();
  const inProject = { project_id: project.id };
  const onSettled = () => refreshKeys(client, project.id);
  return {
    create: useMutation({
      // The answer contains the whole key: it must not stay in the cache.
      gcTime: 0,
      mutationFn: (attempt: Attempt<NewKey>) => createKey(project.id, attempt),
      onSettled,
    }),
    rotate: useMutation({
      gcTime: 0,
      mutationFn: ({ key, body, idempotencyKey }: Attempt<Rotation> & { key: ApiKey }) =>
        call('POST /app/v1/projects/{project_id}/api-keys/{id}/rotate', {
          params: { ...inProject, id: key.id },
          body,
          stepUp: isGuardedType(key.type),
          headers: idempotencyHeader(idempotencyKey),
        }),
      onSettled,
    }),
    update: useMutation({
      mutationFn: ({ key, body }: { key: ApiKey; body: KeyChange }) =>
        call('PATCH /app/v1/projects/{project_id}/api-keys/{id}', {
          params: { ...inProject, id: key.id },
          body,
          stepUp: isGuardedChange(key.type, body),
          headers: { 'if-match': key.etag },
        }),
      onSuccess: (saved) =>
        client.setQueryData(keysQuery(project.id).queryKey, (keys) =>
          keys?.map((key) => (key.id === saved.id ? saved : key)),
        ),
      onSettled,
    }),
    endGrace: useMutation({
      mutationFn: ({ id }: ApiKey) =>
        call('POST /app/v1/projects/{project_id}/api-keys/{id}/end-grace', { params: { ...inProject, id } }),
      onSettled,
    }),
    revoke: useMutation({
      mutationFn: ({ key: { id }, reason }: { key: ApiKey; reason: RevokeReason }) =>
        call('DELETE /app/v1/projects/{project_id}/api-keys/{id}', {
          params: { ...inProject, id },
          query: { reason },
        }),
      onSettled,
    }),
  };
}

/** Restores a revoked key; a server or read-only key after the password. */
export const restoreKey = (projectId: string, key: ApiKey) =>
  call('POST /app/v1/projects/{project_id}/api-keys/{id}/restore', {
    params: { project_id: projectId, id: key.id },
    stepUp: isGuardedType(key.type),
  });

/** Loads the usage of all keys again, as soon as it is shown. */
export function refreshKeysUsage(client: QueryClient, projectId: string): void {
  void client.invalidateQueries({ queryKey: keysUsageKey(projectId) });
}
