import { QueryClient } from '@tanstack/react-query';
import { Problem } from './problem.ts';

const RETRIES_MAX = 2;

/** Trying again helps against an overloaded or absent server, not against a refusal. */
function isWorthRetrying(failures: number, error: unknown): boolean {
  if (failures >= RETRIES_MAX || !(error instanceof Problem)) return false;
  return error.status === 0 || error.status === 429 || error.status >= 500;
}

/** The one cache of answers. */
export const queryClient = new QueryClient({
  defaultOptions: {
    // The browser's idea of being online says nothing of a server on the same machine or network.
    mutations: { networkMode: 'always' },
    queries: {
      networkMode: 'always',
      staleTime: 15_000,
      retry: isWorthRetrying,
      retryDelay: (failures, error) =>
        (error instanceof Problem ? error.retryAfterMs : undefined) ?? 500 * 2 ** failures,
    },
  },
});
