import type { BreakdownAnswer } from '../../api/answers.ts';

/**
 * Returns the distinct users of the whole range, from a breakdown by users: each row has its users, and their share of
 * all distinct users. 0 without events.
 */
export function countUniqueUsers({ data, other }: Pick<BreakdownAnswer, 'data' | 'other'>): number {
  for (const { users = 0, share } of [...data, other]) {
    if (users > 0 && share !== null && share > 0) return Math.round(users / share);
  }
  return 0;
}
