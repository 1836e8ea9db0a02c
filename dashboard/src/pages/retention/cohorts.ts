import type { RetentionAnswer } from '../../api/answers.ts';

type Cohorts = RetentionAnswer['data'];

/** Returns the cohorts from the first one with people on: before it, the app had no users yet. */
export function sinceFirstPeople(data: Cohorts): Cohorts {
  const first = data.findIndex(({ size }) => size > 0);
  return first === -1 ? [] : data.slice(first);
}

/** Whether no later period of any cohort has ended, so that there is nothing to show yet. */
export const isTooEarly = (data: Cohorts): boolean =>
  data.every(({ size, rate }) => size === 0 || rate.slice(1).every((one) => one === null));
