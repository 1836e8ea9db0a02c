import { Link } from '@tanstack/react-router';
import {
  CircleCheck,
  CircleOff,
  Ellipsis,
  FileSearch,
  RefreshCw,
  SearchX,
  Trash2,
  TriangleAlert,
} from 'lucide-react';
import type { ApiKey } from '../../../api/answers.ts';
import { useCurrentApp } from '../../../api/apps.ts';
import { USAGE_DAYS, type Usage } from '../../../api/keys.ts';
import { useActorNames } from '../../../api/members.ts';
import { useProject } from '../../../api/project.ts';
import { Sparkline } from '../../../components/sparkline.tsx';
import { EmptyState } from '../../../components/states.tsx';
import { TimeAgo } from '../../../components/time-ago.tsx';
import { Code } from '../../../components/ui/badge.tsx';
import { Button } from '../../../components/ui/button.tsx';
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from '../../../components/ui/menu.tsx';
import { Skeleton } from '../../../components/ui/skeleton.tsx';
import { ActionsHead, Cell, Head, HeadRow, Row, Table } from '../../../components/ui/table.tsx';
import { Tooltip } from '../../../components/ui/tooltip.tsx';
import { formatAmount, formatCount, formatExact } from '../../../lib/format.ts';
import { useNow } from '../../../lib/now.ts';
import { useEnableKey } from '../key/enable-key.ts';
import { adviseGrace } from '../key/grace-advice.ts';
import { Expiry, StatusBadge, TypeBadge } from '../key/key-badges.tsx';
import type { KeyAction } from '../key/key-labels.ts';
import { isAlive, summarizeScopes } from '../key/key-labels.ts';
import { sumByDay, totalRequests } from '../key/usage-days.ts';

type KeyTableProps = {
  keys: readonly ApiKey[];
  /** All keys of the project: creators may be among those not shown. */
  all: readonly ApiKey[];
  usage: Usage;
  onOpen: (keyId: string) => void;
  onAction: (action: KeyAction) => void;
};

/** The table of keys. */
export function KeyTable({ keys, all, usage, onOpen, onAction }: KeyTableProps) {
  const nameOf = useActorNames(all);
  if (keys.length === 0) {
    return (
      <EmptyState icon={SearchX} title="No keys match your filters">
        To see revoked and expired keys, choose “All keys”.
      </EmptyState>
    );
  }
  return (
    <Table label="API keys" isStacked className="sm:min-w-[64rem]">
      <thead>
        <HeadRow>
          <Head>Key</Head>
          <Head>Scopes</Head>
          <Head>Apps</Head>
          <Head>Created by</Head>
          <Head>Last used</Head>
          <Head>Requests ({USAGE_DAYS} days)</Head>
          <Head>Status</Head>
          <ActionsHead />
        </HeadRow>
      </thead>
      <tbody>
        {keys.map((key) => (
          <Row key={key.id} className="relative">
            <NameCell apiKey={key} />
            <ScopesCell apiKey={key} />
            <AppsCell appIds={key.app_ids} />
            <Cell data-label="Created by" className="max-w-36 truncate text-soft">
              <bdi>{nameOf(key.created_by)}</bdi>
            </Cell>
            <Cell data-label="Last used" className="whitespace-nowrap">
              <TimeAgo at={key.last_used_at} />
            </Cell>
            <RequestsCell apiKey={key} usage={usage} />
            <StatusCell apiKey={key} />
            <Cell className="w-0 max-sm:absolute max-sm:top-3 max-sm:right-3 max-sm:w-auto!">
              <KeyMenu apiKey={key} onOpen={onOpen} onAction={onAction} />
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
      <div className="min-w-0 max-sm:pr-10">
        <div className="flex items-center gap-2 max-sm:flex-wrap">
          <Link
            to="."
            search={(search) => ({ ...search, key: apiKey.id })}
            className="max-w-56 rounded font-medium hover:underline max-sm:max-w-full"
          >
            <bdi className="block truncate">{apiKey.name}</bdi>
          </Link>
          <TypeBadge type={apiKey.type} />
        </div>
        <span className="font-mono text-soft text-xs">{apiKey.hint}</span>
      </div>
    </Cell>
  );
}

function ScopesCell({ apiKey: { type, scopes } }: OfKey) {
  return (
    <Cell data-label="Scopes">
      <Tooltip content={scopes.join(', ')} opensOnPress>
        <button type="button">
          <Code>{summarizeScopes(type, scopes)}</Code>
        </button>
      </Tooltip>
    </Cell>
  );
}

function AppsCell({ appIds }: { appIds: readonly string[] | null }) {
  const { apps } = useCurrentApp();
  const names = appIds?.map((id) => apps.find((app) => app.id === id)?.name ?? id) ?? [];
  return (
    <Cell data-label="Apps" className="max-w-40 truncate whitespace-nowrap">
      {appIds === null ? (
        <span className="text-soft">All apps</span>
      ) : names.length === 1 ? (
        <bdi className="min-w-0 truncate">{names[0]}</bdi>
      ) : (
        <Tooltip content={<bdi>{names.join(', ')}</bdi>} opensOnPress>
          <button type="button">{formatAmount(names.length, 'app')}</button>
        </Tooltip>
      )}
    </Cell>
  );
}

function RequestsCell({ apiKey, usage }: OfKey & { usage: Usage }) {
  const now = useNow();
  const hours = apiKey.last_used_at === null ? [] : usage.hours.get(apiKey.id);
  return (
    <Cell data-label="Requests">
      {hours ? (
        <Requests days={sumByDay(hours, USAGE_DAYS, now).map(totalRequests)} />
      ) : usage.failed.has(apiKey.id) ? (
        <span className="text-soft text-xs">Unknown</span>
      ) : (
        <Skeleton className="h-6 w-28" />
      )}
    </Cell>
  );
}

function Requests({ days }: { days: readonly number[] }) {
  const sum = days.reduce((total, value) => total + value, 0);
  return (
    <div className="flex items-center gap-3">
      <Sparkline
        values={days}
        label={`${formatAmount(sum, 'request')} in the last ${USAGE_DAYS} days`}
        className="h-6 w-20"
      />
      <span className="text-soft text-xs tabular-nums">{formatCount(sum)}</span>
    </div>
  );
}

function StatusCell({ apiKey }: OfKey) {
  const now = useNow();
  const isRotating = isAlive(apiKey.status) && adviseGrace(apiKey.secrets, now) !== undefined;
  return (
    <Cell data-label="Status" className="whitespace-nowrap">
      <div className="max-sm:text-right">
        <div className="flex items-center gap-1.5 max-sm:justify-end">
          <StatusBadge status={apiKey.status} />
          {apiKey.leak_reported_at && <LeakMark at={apiKey.leak_reported_at} />}
        </div>
        <span className="text-soft text-xs">
          {apiKey.revoked_at ? (
            <TimeAgo at={apiKey.revoked_at} />
          ) : isRotating ? (
            'Rotation in progress'
          ) : (
            <Expiry at={apiKey.expires_at} />
          )}
        </span>
      </div>
    </Cell>
  );
}

function LeakMark({ at }: { at: string }) {
  return (
    <Tooltip content={`Reported as leaked on ${formatExact(at)}`} opensOnPress>
      <button type="button" aria-label="Reported as leaked">
        <TriangleAlert className="size-4 text-bad" aria-hidden />
      </button>
    </Tooltip>
  );
}

type KeyMenuProps = OfKey & Pick<KeyTableProps, 'onOpen' | 'onAction'>;

function KeyMenu({ apiKey, onOpen, onAction }: KeyMenuProps) {
  const { can } = useProject();
  const { enable } = useEnableKey();
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
            <MenuItem onSelect={() => onAction({ kind: 'rotate', keyId: apiKey.id })}>
              <RefreshCw aria-hidden />
              Rotate secret
            </MenuItem>
            <MenuItem onSelect={() => void enable(apiKey, apiKey.disabled)}>
              {apiKey.disabled ? <CircleCheck aria-hidden /> : <CircleOff aria-hidden />}
              {apiKey.disabled ? 'Enable key' : 'Disable key'}
            </MenuItem>
            <MenuSeparator />
            <MenuItem isDanger onSelect={() => onAction({ kind: 'revoke', keyId: apiKey.id })}>
              <Trash2 aria-hidden />
              Revoke key
            </MenuItem>
          </>
        )}
      </MenuContent>
    </Menu>
  );
}
