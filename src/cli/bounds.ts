import { CAPS } from '../api/caps.ts';
import { DIFF_BYTES_MAX } from '../audit/diff.ts';
import { FAILURE_LINES_PER_MINUTE } from '../http/pipeline/answer-log.ts';
import { QUEUE_LIMITS } from '../warehouse/append-queue.ts';

/** A bound that is built in, as docs/configuration.md lists it: what it limits, its value, and what happens beyond it. */
export type Bound = { what: string; value: string; beyond: string };

const MEGABYTE = 1_000_000;

const count = (value: number): string => value.toLocaleString('en-US');

/** Every built-in bound, grouped by subject. Values come from the constants that enforce them. */
export const BOUNDS: readonly Bound[] = [
  {
    what: 'Events waiting for the disk, all projects together (one project: half)',
    value: `${count(QUEUE_LIMITS.rowsMax)} events, ${QUEUE_LIMITS.bytesMax / MEGABYTE} MB`,
    beyond: '503 `overloaded` with `Retry-After`',
  },
  ...listCaps(),
  {
    what: 'Log lines about failed answers, per error code and minute',
    value: count(FAILURE_LINES_PER_MINUTE),
    beyond: 'counted in `omittedBefore` of the next line',
  },
  {
    what: 'Changes recorded in one audit log entry',
    value: `${count(DIFF_BYTES_MAX)} bytes`,
    beyond: 'long values are left out and counted in `diff_omitted`',
  },
];

function listCaps(): Bound[] {
  const beyond = '409 `limit_reached`';
  return [
    {
      what: 'API keys of a project that are neither revoked nor expired',
      value: count(CAPS.liveKeys),
      beyond,
    },
    { what: 'API keys that a project creates within 24 hours', value: count(CAPS.keysPerDay), beyond },
    {
      what: 'Secrets that are remembered of an API key',
      value: count(CAPS.secretsPerKey),
      beyond: 'older ones, which no longer work, are refused as unknown',
    },
    { what: 'Apps of a project that are not deleted', value: count(CAPS.liveApps), beyond },
    { what: 'Apps that a project creates within 24 hours', value: count(CAPS.appsPerDay), beyond },
    { what: 'Open invitations to a project', value: count(CAPS.openInvitations), beyond },
    { what: 'Members of a project', value: count(CAPS.membersPerProject), beyond },
    { what: 'Projects of a person who creates another', value: count(CAPS.projectsPerPerson), beyond },
    {
      what: 'Sessions of a person',
      value: count(CAPS.sessionsPerPerson),
      beyond: 'the oldest end',
    },
  ];
}

/** Returns the bounds as a Markdown table. */
export function renderBounds(): string {
  const rows = BOUNDS.map(({ what, value, beyond }) => `| ${what} | ${value} | ${beyond} |`);
  return ['| bound | value | beyond it |', '|---|---|---|', ...rows].join('\n');
}
