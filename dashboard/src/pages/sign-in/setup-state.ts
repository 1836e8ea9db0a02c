import { queryOptions } from '@tanstack/react-query';
import { api } from '../../api/http.ts';

type SetupState = {
  needs_setup: boolean;
  /** False on plain http from elsewhere than the machine itself: a password would cross the network in the clear. */
  allows_sign_in: boolean;
};

/** Whether there is an account yet, and whether one may sign in over this connection. */
export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: ({ signal }) => api<SetupState>('GET', '/app/v1/setup', { signal }),
  staleTime: 60_000,
});
