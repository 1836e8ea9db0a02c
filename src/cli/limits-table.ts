import type { PolicyName, PolicyRate } from '../limits/gcra/limit.ts';
import type { InFlightLimit } from '../limits/in-flight.ts';
import {
  ADDRESS_RATES,
  DEFAULT_RATES,
  environmentVariableOf,
  FAILED_AUTH_RATE,
  IN_FLIGHT_DEFAULT,
  IN_FLIGHT_MEMBER,
  IN_FLIGHT_POLICY,
  LEAK_HOOK_RATE,
  SIGN_IN_ACCOUNT_RATE,
  SIGN_IN_CODE_RATE,
  SIGN_IN_RATE,
  STREAMS_MAX,
  STREAMS_POLICY,
} from '../limits/policies.ts';

type Row = { policy: string; counts: string; per: string; limit: string; variable: string };

const number = (value: number) => value.toLocaleString('en-US');

const PERIODS: Readonly<Record<number, string>> = { 60: 'per minute', 3600: 'per hour' };

function describeRate({ rate, burst, perSeconds = 1 }: PolicyRate): string {
  return `${number(rate)} ${PERIODS[perSeconds] ?? 'per second'}, burst ${number(burst)}`;
}

const describeSlots = ({ running, waiting }: InFlightLimit) =>
  `${running} run, ${waiting} more wait for up to 2 s`;

const rowOf = (policy: PolicyName, counts: string, per: string, rate: PolicyRate): Row => ({
  policy,
  counts,
  per,
  limit: describeRate(rate),
  variable: environmentVariableOf(policy),
});

const { server, client, member } = DEFAULT_RATES;

const ROWS: readonly Row[] = [
  rowOf('events-requests', 'requests to `POST /v1/events`', 'server key', server['events-requests']),
  rowOf('events', 'events received in them', 'server key', server.events),
  rowOf('events-requests', 'requests to `POST /v1/events`', 'client key', client['events-requests']),
  rowOf('events', 'events received in them', 'client key', client.events),
  rowOf(
    'events-ip-requests',
    'the same requests',
    'client key and address',
    ADDRESS_RATES['events-ip-requests'],
  ),
  rowOf('events-ip', 'the same events', 'client key and address', ADDRESS_RATES['events-ip']),
  rowOf('analytics', 'queries', 'key; client key and address', server.analytics),
  rowOf('analytics', 'queries', 'member in the dashboard', member.analytics),
  {
    policy: IN_FLIGHT_POLICY,
    counts: 'concurrent queries',
    per: 'key and process',
    limit: describeSlots(IN_FLIGHT_DEFAULT),
    variable: environmentVariableOf(IN_FLIGHT_POLICY),
  },
  {
    policy: IN_FLIGHT_POLICY,
    counts: 'concurrent queries',
    per: 'member and process',
    limit: describeSlots(IN_FLIGHT_MEMBER),
    variable: environmentVariableOf(IN_FLIGHT_POLICY),
  },
  {
    policy: STREAMS_POLICY,
    counts: 'open streams',
    per: 'key and process',
    limit: `${STREAMS_MAX.running}`,
    variable: '',
  },
  rowOf('management', 'all other requests', 'key; client key and address', server.management),
  rowOf('failed-auth', 'unknown keys', 'address', FAILED_AUTH_RATE),
  rowOf('leak-hook', 'reports of leaked keys', 'address', LEAK_HOOK_RATE),
  rowOf('sign-in', 'wrong passwords and links', 'known device, session, and address', SIGN_IN_RATE),
  rowOf('sign-in-account', 'wrong passwords', 'account, all unknown devices', SIGN_IN_ACCOUNT_RATE),
  rowOf('sign-in-code', 'wrong codes', 'known device; account, all unknown devices', SIGN_IN_CODE_RATE),
];

/** Returns the table of default limits, generated from the policies that are enforced. */
export function renderLimitsTable(): string {
  const rows = ROWS.map(({ policy, counts, per, limit, variable }) => {
    const setting = variable === '' ? '-' : `\`${variable}\``;
    return `| \`${policy}\` | ${counts} | ${per} | ${limit} | ${setting} |`;
  });
  return ['| policy | counts | per | default | setting |', '|---|---|---|---|---|', ...rows].join('\n');
}
