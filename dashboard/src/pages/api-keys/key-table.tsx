import { Link } from '@tanstack/react-router';
import { Ellipsis, FileSearch, RefreshCw, SearchX, Trash2, TriangleAlert } from 'lucide-react';
import { useActorNames } from '../../api/actors.ts';
import type { ApiKey } from '../../api/answers.ts';
import { useCurrentApp, useProject } from '../../api/project.ts';
import { Sparkline } from '../../components/sparkline.tsx';
import { EmptyState } from '../../components/states.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Code } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from '../../components/ui/menu.tsx';
import { Cell, Head, HeadRow, Row, Table } from '../../components/ui/table.tsx';
import { Tooltip } from '../../components/ui/tooltip.tsx';
import { formatAmount, formatCount, formatExact } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import { describeExpiry } from './expiry.ts';
import { adviseGrace } from './grace-advice.ts';
import { StatusBadge, TypeBadge } from './key-badges.tsx';
import type { KeyIntent } from './key-intent.ts';
import { isAlive, summarizeScopes } from './key-labels.ts';
import { USAGE_DAYS } from './keys-api.ts';
import type { UsageById } from './safety.ts';
import { sumByDay, totalOf } from './usage-days.ts';

type KeyTableProps = {
  keys: readonly ApiKey[];
  /** All keys of the project: makers may be among those not shown. */
  all: readonly ApiKey[];
  usage: UsageById;
  onOpen: (keyId: string) => void;
  onIntent: (intent: KeyIntent) => void;
};

/** The list of keys. */
export function KeyTable({ keys, all, usage, onOpen, onIntent }: KeyTableProps) {
  const nameOf = useActorNames(all);
  if (keys.length === 0) {
    return (
      <EmptyState icon={SearchX} title="No key passes the filters">
        Revoked and expired keys are under “All keys”.
      </EmptyState>
    );
  }
  return (
    <Table label="API keys" className="min-w-[64rem]">
      <thead>
        <HeadRow>
          <Head>Key</Head>
          <Head>Scopes</Head>
          <Head>Apps</Head>
          <Head>Created by</Head>
          <Head>Last used</Head>
          <Head>Requests, {USAGE_DAYS} days</Head>
          <Head>Status</Head>
          <Head>
            <span className="sr-only">Actions</span>
          </Head>
        </HeadRow>
      </thead>
      <tbody>
        {keys.map((key) => (
          <Row key={key.id}>
            <NameCell apiKey={key} />
            <Cell>
              <Tooltip content={key.scopes.join(', ')}>
                <span>
                  <Code>{summarizeScopes(key.type, key.scopes)}</Code>
                </span>
              </Tooltip>
            </Cell>
            <AppsCell appIds={key.app_ids} />
            <Cell className="max-w-36 truncate text-soft">{nameOf(key.created_by)}</Cell>
            <Cell className="whitespace-nowrap">
              <TimeAgo at={key.last_used_at} />
            </Cell>
            <RequestsCell apiKey={key} usage={usage} />
            <StatusCell apiKey={key} />
            <Cell className="w-0">
              <KeyMenu apiKey={key} onOpen={onOpen} onIntent={onIntent} />
            </Cell>
          </Row>
        ))}
      </tbody>
    </Table>
  );
}

type OfKey = { apiKey: ApiKey };

function NameCell({ apiKey }: OfKey) {
  return (
    <Cell>
      <div className="flex items-center gap-2">
        <Link
          to="."
          search={(search) => ({ ...search, key: apiKey.id })}
          className="max-w-56 truncate rounded font-medium hover:underline"
        >
          {apiKey.name}
        </Link>
        <TypeBadge type={apiKey.type} />
      </div>
      <span className="font-mono text-soft text-xs">{apiKey.hint}</span>
    </Cell>
  );
}

function AppsCell({ appIds }: { appIds: readonly string[] | null }) {
  const { apps } = useCurrentApp();
  if (appIds === null) return <Cell className="whitespace-nowrap text-soft">All apps</Cell>;
  const names = appIds.map((id) => apps.find((app) => app.id === id)?.name ?? id);
  return (
    <Cell className="max-w-40 truncate">
      {names.length === 1 ? (
        names[0]
      ) : (
        <span title={names.join(', ')}>{formatAmount(names.length, 'app')}</span>
      )}
    </Cell>
  );
}

function RequestsCell({ apiKey, usage }: OfKey & { usage: UsageById }) {
  const now = useNow();
  const hours = usage.get(apiKey.id);
  const days = sumByDay(hours ?? [], USAGE_DAYS, now).map(totalOf);
  const sum = days.reduce((total, value) => total + value, 0);
  const counted = hours === undefined ? apiKey.request_count : sum;
  return (
    <Cell>
      <div className="flex items-center gap-3">
        <Sparkline
          values={days}
          label={`${formatAmount(counted, 'request')} in the last ${USAGE_DAYS} days`}
          className="h-6 w-20"
        />
        <span className="text-soft text-xs tabular-nums">{formatCount(counted)}</span>
      </div>
    </Cell>
  );
}

function StatusCell({ apiKey }: OfKey) {
  const now = useNow();
  const isRotating = isAlive(apiKey.status) && adviseGrace(apiKey.secrets, now) !== undefined;
  const end = apiKey.revoked_at ?? apiKey.expires_at;
  return (
    <Cell className="whitespace-nowrap">
      <div className="flex items-center gap-1.5">
        <StatusBadge status={apiKey.status} />
        {apiKey.leak_reported_at && (
          <Tooltip content={`Reported as leaked on ${formatExact(apiKey.leak_reported_at)}`}>
            <TriangleAlert className="size-4 text-bad" aria-label="Reported as leaked" role="img" />
          </Tooltip>
        )}
      </div>
      <span className="text-soft text-xs" title={end === null ? undefined : formatExact(end)}>
        {apiKey.revoked_at ? (
          <TimeAgo at={apiKey.revoked_at} />
        ) : isRotating ? (
          'Rotating: two secrets'
        ) : (
          describeExpiry(apiKey.expires_at, now)
        )}
      </span>
    </Cell>
  );
}

type KeyMenuProps = OfKey & Pick<KeyTableProps, 'onOpen' | 'onIntent'>;

function KeyMenu({ apiKey, onOpen, onIntent }: KeyMenuProps) {
  const { can } = useProject();
  const mayChange = can('keys:write') && isAlive(apiKey.status);
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button variant="ghost" size="icon-sm" aria-label={`Actions for ${apiKey.name}`}>
          <Ellipsis />
        </Button>
      </MenuTrigger>
      <MenuContent align="end">
        <MenuItem onSelect={() => onOpen(apiKey.id)}>
          <FileSearch aria-hidden />
          Details and usage
        </MenuItem>
        {mayChange && (
          <>
            <MenuItem onSelect={() => onIntent({ verb: 'rotate', keyId: apiKey.id })}>
              <RefreshCw aria-hidden />
              Rotate secret
            </MenuItem>
            <MenuSeparator />
            <MenuItem isDanger onSelect={() => onIntent({ verb: 'revoke', keyId: apiKey.id })}>
              <Trash2 aria-hidden />
              Revoke key
            </MenuItem>
          </>
        )}
      </MenuContent>
    </Menu>
  );
}
