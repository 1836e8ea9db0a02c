import { queryOptions } from '@tanstack/react-query';
import { call } from './http.ts';

/** The version, the contents and the disk of the installation. Only its owner may read it. */
export const installationQuery = queryOptions({
  queryKey: ['installation'],
  queryFn: ({ signal }) => call('GET /app/v1/installation', { signal }),
  refetchInterval: 60_000,
});
