import { useInfiniteQuery } from '@tanstack/react-query';
import type { UserQuery } from '../../api/answers.ts';
import { useProject } from '../../api/project.ts';
import { foundUsersQuery } from '../../api/users.ts';
import { useSettled } from './use-settled.ts';

/** While someone types, the list isn't requested for each letter. */
const TYPING_MS = 200;

/** Returns the users that match, last seen first, a page at a time. Without a query nothing is loaded. */
export function useFoundUsers(query: UserQuery | undefined) {
  const { project } = useProject();
  const search = useSettled(query?.search, TYPING_MS);
  const { data, ...rest } = useInfiniteQuery({
    ...foundUsersQuery(project.id, { ...query, search }),
    enabled: query !== undefined,
    // A list that jumps while being read is worse than one that must be loaded again.
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  return { ...rest, isLoaded: data !== undefined, users: data?.pages.flatMap((page) => page.data) ?? [] };
}

export type FoundUsersAnswer = ReturnType<typeof useFoundUsers>;
