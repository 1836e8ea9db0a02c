import { QueryClient } from '@tanstack/react-query';
import { Problem } from './problem.ts';

const RETRIES_MAX = 2;

/** Retrying helps if the server is overloaded or away, not if it refused. */
function isWorthRetrying(failures: number, error: unknown): boolean {
  if (failures >= RETRIES_MAX || !(error instanceof Problem)) return false;
  return error.status === 0 || error.status === 429 || error.status >= 500;
}

/** The only cache of answers. */
export const queryClient = new QueryClient({
  defaultOptions: {
    // Whether the browser is online says nothing about a server on the same machine or network.
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
