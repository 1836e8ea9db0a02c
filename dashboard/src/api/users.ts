import {
  infiniteQueryOptions,
  keepPreviousData,
  type QueryClient,
  queryOptions,
} from '@tanstack/react-query';
import type { Erasure, UserQuery } from './answers.ts';
import { call } from './http.ts';
import { projectKey } from './project.ts';

const PAGE_ROWS = 50;
const ERASURE_POLL_MS = 1_000;

/** One person in one app, or in all of them (`appId`: `all`). Any ID of the person leads to the same one. */
export type UserRef = { projectId: string; appId: string; id: string };

const usersKey = (projectId: string) => [...projectKey(projectId), 'users'] as const;

const paramsOf = ({ projectId, id }: UserRef) => ({ project_id: projectId, app_user_id: id });

/** The users that match `query`, last seen first, a page at a time. */
export const foundUsersQuery = (projectId: string, query: UserQuery) =>
  infiniteQueryOptions({
    queryKey: [...usersKey(projectId), 'list', query],
    queryFn: ({ signal, pageParam }) =>
      call('GET /app/v1/projects/{project_id}/users', {
        params: { project_id: projectId },
        query: { ...query, limit: PAGE_ROWS, cursor: pageParam },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });

/** The profile of one user. Fails with `not_found` if no ID of the app is known by this name. */
export const userQuery = (user: UserRef) =>
  queryOptions({
    queryKey: [...usersKey(user.projectId), 'profile', user.appId, user.id],
    queryFn: ({ signal }) =>
      call('GET /app/v1/projects/{project_id}/users/{app_user_id}', {
        params: paramsOf(user),
        query: { app_id: user.appId },
        signal,
      }),
  });

/** The events of one user, newest first, a page at a time. */
export const timelineQuery = (user: UserRef) =>
  infiniteQueryOptions({
    queryKey: [...usersKey(user.projectId), 'timeline', user.appId, user.id],
    queryFn: ({ signal, pageParam }) =>
      call('GET /app/v1/projects/{project_id}/users/{app_user_id}/timeline', {
        params: paramsOf(user),
        query: { app_id: user.appId, limit: PAGE_ROWS, cursor: pageParam },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });

/** Erases a user, after the password. The answer is an erasure that is finished, or one to follow. */
export const eraseUser = (user: UserRef) =>
  call('DELETE /app/v1/projects/{project_id}/users/{app_user_id}', {
    params: paramsOf(user),
    query: { app_id: user.appId },
    stepUp: true,
  });

/** An erasure that was `started`, asked for again until it is done. */
export const erasureQuery = (projectId: string, started: Erasure) =>
  queryOptions({
    queryKey: [...usersKey(projectId), 'erasure', started.id],
    queryFn: ({ signal }) =>
      call('GET /app/v1/projects/{project_id}/erasures/{id}', {
        params: { project_id: projectId, id: started.id },
        signal,
      }),
    initialData: started,
    staleTime: ({ state }) => (state.data?.status === 'pending' ? 0 : Number.POSITIVE_INFINITY),
    refetchInterval: ({ state }) => (state.data?.status === 'pending' ? ERASURE_POLL_MS : false),
  });

/** Loads again everything that may have shown an erased user. */
export const refreshAfterErasure = (client: QueryClient, projectId: string) =>
  client.invalidateQueries({ queryKey: projectKey(projectId) });
