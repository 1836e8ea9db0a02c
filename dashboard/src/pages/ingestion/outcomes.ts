import type { Outcome } from './summarize.ts';

/** The texts and the color of each outcome. */
export const OUTCOME_LABELS: Record<Outcome, { label: string; definition: string; color: string }> = {
  accepted: {
    label: 'Accepted',
    definition: 'Events that were stored.',
    color: 'bg-chart-1',
  },
  duplicates: {
    label: 'Duplicates',
    definition:
      'Events with an ID that was already stored. SDKs send events again when the network fails, so some are normal.',
    color: 'bg-soft/60',
  },
  rejected: {
    label: 'Rejected',
    definition: 'Events that are not valid and were not stored.',
    color: 'bg-bad',
  },
  refused: {
    label: 'Refused',
    definition:
      'Whole requests that were turned away, such as those over a rate limit. Requests without a valid key are not counted.',
    color: 'bg-warn',
  },
};
