import { DAY_MS } from '../lib/durations.ts';
import { ApiError } from './errors.ts';

/**
 * How many of each thing there can be. Checked when one is added, in its write transaction, so concurrent requests cannot
 * pass it together. What exists beyond a cap stays.
 */
export const CAPS = {
  /** Keys of a project that are neither revoked nor expired. */
  liveKeys: 1_000,
  /** Keys a project creates within 24 hours: revoked ones stay known, so that they are refused as revoked. */
  keysPerDay: 2_000,
  /** Secrets that are remembered of a key; older ones, which no longer work, are forgotten. */
  secretsPerKey: 50,
  /** Apps of a project that are not deleted. */
  liveApps: 100,
  /** Apps a project creates within 24 hours: deleted ones stay known, because their events are kept. */
  appsPerDay: 200,
  /** Invitations to a project that can still be accepted. */
  openInvitations: 100,
  membersPerProject: 1_000,
  annotationsPerProject: 500,
  viewsPerProject: 200,
  funnelsPerProject: 200,
  /** Projects of a person. */
  projectsPerPerson: 100,
  /** Sessions of a person; the oldest end when there are more. */
  sessionsPerPerson: 100,
} as const;

/** The time that the caps per day count, in milliseconds. */
export const CAP_WINDOW_MS = DAY_MS;

/** Throws 409 if one more would exceed the cap. `what` completes the sentence "… has …": `1,000 live API keys`. */
export function requireBelowCap(count: number | bigint | string, cap: keyof typeof CAPS, what: string): void {
  if (Number(count) < CAPS[cap]) return;
  throw new ApiError('limit_reached', {
    detail: `There are ${CAPS[cap].toLocaleString('en-US')} ${what} already, which is the maximum.`,
  });
}
