import type { UserProfile } from '../../api/answers.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { platformName } from '../../components/platform.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Code } from '../../components/ui/badge.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { Cell, Head, HeadRow, Row, Table } from '../../components/ui/table.tsx';
import { Tile } from '../../components/ui/tile.tsx';
import { valueLabel } from '../../lib/dimensions.ts';
import { formatAmount, formatCount } from '../../lib/format.ts';
import { listRevenue } from './revenue.ts';

type FactsProps = { profile: UserProfile };

/** The counts of a user, and when it was first and last seen. */
export function ProfileTiles({ profile, currency }: FactsProps & { currency: string | undefined }) {
  const revenue = listRevenue(profile.revenue_by_currency, currency);
  return (
    <Card>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-4 px-5 py-4 sm:grid-cols-3 lg:grid-cols-5">
        <Tile name="First seen">
          <TimeAgo at={profile.first_seen} />
        </Tile>
        <Tile name="Last seen">
          <TimeAgo at={profile.last_seen} />
        </Tile>
        <Tile name="Events">{formatCount(profile.events)}</Tile>
        <Tile name="Sessions">{formatCount(profile.sessions)}</Tile>
        <Tile name="Revenue">
          {revenue.length === 0 ? '—' : revenue.map((amount) => <div key={amount}>{amount}</div>)}
        </Tile>
      </dl>
    </Card>
  );
}

/** All IDs of the person, and what could not be linked. */
export function IdsCard({ profile: { ids, app_user_id, link_conflicts } }: FactsProps) {
  return (
    <Card>
      <CardHeader
        title="IDs"
        description={
          ids.length === 1 ? 'No linked IDs.' : `${formatAmount(ids.length, 'ID')} that count as one user.`
        }
      />
      <CardBody className="grid gap-3">
        <ul className="grid gap-1">
          {[app_user_id, ...ids.filter((id) => id !== app_user_id)].map((id) => (
            <li key={id} className="flex min-w-0 items-center justify-between gap-2">
              <code className="min-w-0 break-all font-mono text-[0.78125rem]">{id}</code>
              <CopyButton text={id} what={`ID ${id}`} />
            </li>
          ))}
        </ul>
        {link_conflicts > 0 && (
          <Callout tone="warn" title={`${formatAmount(link_conflicts, 'link')} ignored`}>
            One of these IDs was identified as another user too. The earliest link counts: people who were
            identified differently are never merged. A call of <Code>identify</Code> for a second person on
            the same device, without <Code>reset</Code> before, causes this.
          </Callout>
        )}
      </CardBody>
    </Card>
  );
}

/** Platform, country and app version, of the first and the last event that had them. */
export function DevicesCard({ profile: { first, last } }: FactsProps) {
  const rows = [
    { name: 'Platform', read: ({ platform }: Device) => platform && platformName(platform) },
    { name: 'Country', read: ({ country }: Device) => country && valueLabel('country', country) },
    { name: 'App version', read: ({ app_version }: Device) => app_version },
  ];
  return (
    <Card className="overflow-hidden">
      <CardHeader title="Device and country" />
      <Table label="Device and country" className="text-note">
        <thead>
          <HeadRow>
            <Head>
              <span className="sr-only">What</span>
            </Head>
            <Head>First</Head>
            <Head>Latest</Head>
          </HeadRow>
        </thead>
        <tbody>
          {rows.map(({ name, read }) => (
            <Row key={name}>
              <Cell className="text-soft">{name}</Cell>
              <Cell className="wrap-anywhere">{read(first) || '—'}</Cell>
              <Cell className="wrap-anywhere">{read(last) || '—'}</Cell>
            </Row>
          ))}
        </tbody>
      </Table>
    </Card>
  );
}

type Device = UserProfile['first'];

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

/** The user's properties as they are now. */
export function PropertiesCard({ profile: { properties } }: FactsProps) {
  const entries = Object.entries(properties).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return (
    <Card className="overflow-hidden">
      <CardHeader
        title="Properties"
        {...(entries.length === 0 && {
          description: "None yet. Set them with the SDK's identify() or setUserProperties().",
        })}
      />
      {entries.length > 0 && (
        <Table label="Properties" className="text-note">
          <thead className="sr-only">
            <HeadRow>
              <Head>Name</Head>
              <Head>Value</Head>
            </HeadRow>
          </thead>
          <tbody>
            {entries.map(([name, value]) => (
              <Row key={name}>
                <Cell className="max-w-36 wrap-anywhere align-top text-soft">
                  <bdi>{name}</bdi>
                </Cell>
                <Cell className="wrap-anywhere">
                  <bdi>{textOf(value)}</bdi>
                </Cell>
              </Row>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  );
}
