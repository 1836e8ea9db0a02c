import { HOUR_MS } from '../../../../../src/lib/durations.ts';
import type { ApiKey } from '../../../api/answers.ts';

type Secret = ApiKey['secrets'][number];

export type GraceAdvice = {
  newest: Secret;
  older: Secret;
  /** `safe`: the old secret is unused; `waiting`: the new one was never used; `in_use`: the old one still is. */
  state: 'safe' | 'waiting' | 'in_use';
};

/** An old secret that was not used for this long counts as replaced: a daily job has run since. */
const QUIET_MS = 25 * HOUR_MS;

const at = (instant: string | null) => (instant === null ? Number.NEGATIVE_INFINITY : Date.parse(instant));

/** Returns whether the old secret of a key can be expired now; undefined outside a grace period. */
export function adviseGrace(secrets: readonly Secret[], now: number): GraceAdvice | undefined {
  const [newest, older] = secrets.toSorted((a, b) => b.version - a.version);
  if (!newest || !older) return undefined;
  if (newest.last_used_at === null) return { newest, older, state: 'waiting' };
  const lastUse = at(older.last_used_at);
  const isLeft = lastUse < at(newest.created_at) || now - lastUse >= QUIET_MS;
  return { newest, older, state: isLeft ? 'safe' : 'in_use' };
}
