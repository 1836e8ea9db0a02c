import type { ApiKey } from '../../../api/answers.ts';

type Secret = ApiKey['secrets'][number];

export type GraceAdvice = {
  newest: Secret;
  older: Secret;
  /** `safe`: nobody needs the older one; `waiting`: the new one was never seen; `in_use`: the older one still is. */
  state: 'safe' | 'waiting' | 'in_use';
};

/** Unused for so long, with the new one in use, a secret counts as left behind: a daily job has run once. */
const QUIET_MS = 25 * 3_600_000;

const at = (instant: string | null) => (instant === null ? Number.NEGATIVE_INFINITY : Date.parse(instant));

/** Returns whether the former secret of a key can be ended now; undefined when no grace runs. */
export function adviseGrace(secrets: readonly Secret[], now: number): GraceAdvice | undefined {
  const [newest, older] = secrets.toSorted((a, b) => b.version - a.version);
  if (!newest || !older) return undefined;
  if (newest.last_used_at === null) return { newest, older, state: 'waiting' };
  const lastUse = at(older.last_used_at);
  const isLeft = lastUse < at(newest.created_at) || now - lastUse >= QUIET_MS;
  return { newest, older, state: isLeft ? 'safe' : 'in_use' };
}
