import { csvLine } from '../../../../src/api/csv.ts';
import type { FunnelAnswer } from '../../api/answers.ts';

/** A step of a funnel, as answered. */
export type FunnelStep = Extract<FunnelAnswer['data'][number], { users: number }>;

/** The steps of one value of the breakdown, or the only ones. */
export type FunnelGroup = { name: string; steps: readonly FunnelStep[] };

/** Returns the funnels of an answer: one without a breakdown, otherwise one per value and one of all others, if any. */
export function listGroups({ data, other }: Pick<FunnelAnswer, 'data' | 'other'>): FunnelGroup[] {
  const steps = data.filter((row): row is FunnelStep => 'users' in row);
  if (steps.length > 0) return [{ name: '', steps }];
  const groups = data.flatMap((row) =>
    'steps' in row ? [{ name: row.value ?? 'Unknown', steps: row.steps }] : [],
  );
  const hasOther = (other?.steps[0]?.users ?? 0) > 0;
  return [...groups, ...(other && hasOther ? [{ name: 'Other', steps: other.steps }] : [])];
}

/** Returns the funnels as CSV: a row per step. */
export function renderFunnelCsv(groups: readonly FunnelGroup[]): string {
  const isBrokenDown = groups.some(({ name }) => name !== '');
  const head = [
    ...(isBrokenDown ? ['value'] : []),
    ...['step', 'event_name', 'users', 'conversion', 'conversion_from_previous', 'median_seconds'],
  ];
  const rows = groups.flatMap(({ name, steps }) =>
    steps.map(({ event_name, users, conversion, conversion_from_previous, median_seconds }, index) => [
      ...(isBrokenDown ? [name] : []),
      ...[index + 1, event_name, users],
      ...[conversion, conversion_from_previous, median_seconds].map((value) => value ?? ''),
    ]),
  );
  return [head, ...rows].map((cells) => csvLine(cells.map(String))).join('');
}
