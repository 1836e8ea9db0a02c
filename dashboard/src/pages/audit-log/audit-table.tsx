import { Link } from '@tanstack/react-router';
import type { AuditEntry } from '../../api/answers.ts';
import { AuditDiff } from '../../components/audit-diff.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Cell, Head, HeadRow, Row, Table } from '../../components/ui/table.tsx';
import { describeAction } from '../../lib/audit-actions.ts';
import { cn } from '../../lib/class-names.ts';

/** Returns the name of an actor or a target by its ID. */
export type Names = (id: string) => string;

/** A wrong password or code proves nothing about the sender: only the account it was tried on is known. */
const actorText = ({ action, actor }: AuditEntry, names: Names) =>
  action === 'authentication.failed' && actor.type === 'member'
    ? `Unknown (tried ${names(actor.id) === 'You' ? 'your account' : names(actor.id)})`
    : names(actor.id);

/** The entries, newest first, each with its changes. */
export function AuditTable({ entries, names }: { entries: readonly AuditEntry[]; names: Names }) {
  return (
    <Table label="Audit log" isStacked className="sm:min-w-[56rem]">
      <thead>
        <HeadRow>
          <Head>When</Head>
          <Head>Who</Head>
          <Head>What</Head>
          <Head>Target</Head>
          <Head>From</Head>
        </HeadRow>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <Row key={entry.id} className="align-top">
            <Cell data-label="When" className="whitespace-nowrap align-top text-soft">
              <TimeAgo at={entry.at} />
            </Cell>
            <Cell data-label="Who" className="max-w-44 align-top">
              <FilterLink name="actor" value={entry.actor.id} text={actorText(entry, names)} />
            </Cell>
            <Cell className="max-w-md align-top max-sm:order-first max-sm:block!">
              <span className="font-medium">{describeAction(entry.action)}</span>
              <AuditDiff entry={entry} className="mt-1.5" />
            </Cell>
            <Cell data-label="Target" className="max-w-48 truncate align-top">
              <FilterLink name="target" value={entry.target} text={names(entry.target)} />
            </Cell>
            <Cell data-label="From" className="whitespace-nowrap align-top text-soft max-sm:text-right">
              <span className="min-w-0">
                {entry.ip === null ? '–' : <FilterLink name="ip" value={entry.ip} text={entry.ip} />}
                {entry.request_id && (
                  <span className="block truncate font-mono text-[0.6875rem]">{entry.request_id}</span>
                )}
              </span>
            </Cell>
          </Row>
        ))}
      </tbody>
    </Table>
  );
}

type FilterLinkProps = { name: 'actor' | 'target' | 'ip'; value: string; text: string };

function FilterLink({ name, value, text }: FilterLinkProps) {
  return (
    <Link
      to="."
      search={(search) => ({ ...search, [name]: value })}
      title={`Show only this ${name === 'ip' ? 'IP address' : name}: ${value}`}
      className={cn('rounded hover:underline', name === 'actor' ? 'wrap-anywhere' : 'truncate')}
    >
      {text}
    </Link>
  );
}
