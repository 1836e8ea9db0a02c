import { useQuery } from '@tanstack/react-query';
import { breakdownQuery } from '../../api/analytics.ts';
import type { BreakdownQuery, EventQuery } from '../../api/answers.ts';
import { propertyNamesQuery } from '../../api/events.ts';
import { useProject } from '../../api/project.ts';

const DAYS = 90;
const VALUES_MAX = 200;
const STALE_MS = 300_000;

type Suggested = {
  /** The app's ID, or ALL_APPS. */
  appId: string;
  /** Whether the field is there. */
  isWanted: boolean;
};

/** Returns values of a dimension, such as names of events, most frequent first. Only suggestions: without an answer there are none. */
export function useValues(by: BreakdownQuery['by'], { appId, isWanted }: Suggested): readonly string[] {
  const { project, can } = useProject();
  const { data } = useQuery({
    ...breakdownQuery(project.id, { app_id: appId, by, days: DAYS, limit: VALUES_MAX }),
    enabled: isWanted && can('analytics:read'),
    staleTime: STALE_MS,
  });
  return data?.data.flatMap(({ value }) => value ?? []) ?? [];
}

/** Returns the names of properties in the latest events of these names, or of all, most frequent first. */
export function usePropertyNames(
  eventNames: EventQuery['event_name'] & readonly string[],
  { appId, isWanted }: Suggested,
): readonly string[] {
  const { project, can } = useProject();
  const { data } = useQuery({
    ...propertyNamesQuery(project.id, {
      app_id: appId,
      ...(eventNames.length > 0 && { event_name: eventNames }),
    }),
    enabled: isWanted && can('events:read'),
  });
  return data ?? [];
}
