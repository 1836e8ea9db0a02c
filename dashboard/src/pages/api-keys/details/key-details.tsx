import { RefreshCw, RotateCcw, Trash2 } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ApiKey } from '../../../api/answers.ts';
import { useCurrentApp } from '../../../api/apps.ts';
import { useActorNames } from '../../../api/members.ts';
import { useProject } from '../../../api/project.ts';
import { CopyButton } from '../../../components/copy-button.tsx';
import { TimeAgo } from '../../../components/time-ago.tsx';
import { Badge, Code } from '../../../components/ui/badge.tsx';
import { Button } from '../../../components/ui/button.tsx';
import { Callout } from '../../../components/ui/callout.tsx';
import { Switch } from '../../../components/ui/switch.tsx';
import { formatCount } from '../../../lib/format.ts';
import { LIMIT_PARTS, readLimit } from '../../../lib/limits-draft.ts';
import { useNow } from '../../../lib/now.ts';
import { SDK_NAMES } from '../../../lib/sdk-names.ts';
import { useEnableKey } from '../key/enable-key.ts';
import { Expiry, StatusBadge, TypeBadge } from '../key/key-badges.tsx';
import type { KeyAction } from '../key/key-labels.ts';
import { describeReason, isAlive } from '../key/key-labels.ts';
import { isRestorable, useRestoreKey } from '../key/restore-key.ts';
import { GracePanel } from './grace-panel.tsx';

type KeyDetailsProps = {
  apiKey: ApiKey;
  all: readonly ApiKey[];
  onAction: (action: KeyAction) => void;
};

/** A key's details, restrictions and actions. */
export function KeyDetails({ apiKey, all, onAction }: KeyDetailsProps) {
  const { can } = useProject();
  return (
    <div className="grid gap-5">
      <div className="flex flex-wrap items-center gap-2">
        <TypeBadge type={apiKey.type} />
        <StatusBadge status={apiKey.status} />
        <span className="font-mono text-soft text-xs">{apiKey.hint}</span>
        <CopyButton text={apiKey.id} what="key ID" />
      </div>
      {apiKey.leak_reported_at && (
        <Callout tone="bad" title="Reported as leaked">
          First reported <TimeAgo at={apiKey.leak_reported_at} />. Client keys ship in your apps and can only
          send events, so the key keeps working. Rotate it if someone misuses it.
        </Callout>
      )}
      <RevokedNote apiKey={apiKey} all={all} />
      <GracePanel apiKey={apiKey} />
      {can('keys:write') && isAlive(apiKey.status) && <Actions apiKey={apiKey} onAction={onAction} />}
      <Facts apiKey={apiKey} all={all} />
    </div>
  );
}

function RevokedNote({ apiKey, all }: Omit<KeyDetailsProps, 'onAction'>) {
  const nameOf = useActorNames(all);
  const now = useNow();
  const { can } = useProject();
  const restore = useRestoreKey();
  if (apiKey.revoked_at === null) return null;
  const reason = describeReason(apiKey.revoked_reason);
  return (
    <Callout
      tone="warn"
      title="This key is revoked"
      actions={
        can('keys:write') &&
        isRestorable(apiKey, now) && (
          <Button size="sm" onClick={() => restore.mutate(apiKey)} isBusy={restore.isPending}>
            <RotateCcw aria-hidden />
            Restore key
          </Button>
        )
      }
    >
      Revoked by <bdi>{nameOf(apiKey.revoked_by ?? '', 'sentence')}</bdi> <TimeAgo at={apiKey.revoked_at} />
      {reason && ` (${reason})`}. All requests fail.
    </Callout>
  );
}

function Actions({ apiKey, onAction }: Omit<KeyDetailsProps, 'all'>) {
  const { enable, isBusy } = useEnableKey();
  return (
    <div className="grid gap-4 rounded-xl border px-4 py-3.5">
      <Switch
        label="Enabled"
        hint="Disable to reject requests temporarily. You can re-enable it at any time."
        checked={!apiKey.disabled}
        disabled={isBusy}
        onCheckedChange={(isEnabled) => void enable(apiKey, isEnabled)}
      />
      <div className="flex flex-wrap gap-2 border-t pt-3.5">
        <Button size="sm" onClick={() => onAction({ kind: 'rotate', keyId: apiKey.id })}>
          <RefreshCw aria-hidden />
          Rotate secret
        </Button>
        <Button size="sm" variant="danger" onClick={() => onAction({ kind: 'revoke', keyId: apiKey.id })}>
          <Trash2 aria-hidden />
          Revoke key
        </Button>
      </div>
    </div>
  );
}

function Facts({ apiKey, all }: Omit<KeyDetailsProps, 'onAction'>) {
  const nameOf = useActorNames(all);
  const { apps } = useCurrentApp();
  const limits = LIMIT_PARTS.flatMap(({ part, label }) => {
    const rate = readLimit(apiKey.rate_limits, part);
    return rate ? [`${label}: ${formatCount(rate.rate)}/s, burst ${formatCount(rate.burst)}`] : [];
  });
  const appNames = apiKey.app_ids?.map((id) => apps.find((app) => app.id === id)?.name ?? id);
  return (
    <dl className="grid gap-x-4 gap-y-3 text-sm sm:grid-cols-[9rem_minmax(0,1fr)]">
      <Fact name="Scopes">
        <List items={apiKey.scopes} />
      </Fact>
      <Fact name="Apps">{appNames?.join(', ') ?? 'All current and future apps'}</Fact>
      <Fact name="Expires">
        <Expiry at={apiKey.expires_at} />
      </Fact>
      <Fact name="IP addresses">
        <List items={apiKey.ip_allowlist} absent="Any" />
      </Fact>
      {apiKey.type === 'read_only' && (
        <Fact name="Allowed origins">
          <List items={apiKey.allowed_origins} absent="None (blocked in browsers)" />
        </Fact>
      )}
      {apiKey.type === 'client' && (
        <Fact name="SDKs">{apiKey.allowed_sdks?.map((sdk) => SDK_NAMES[sdk]).join(', ') ?? 'All'}</Fact>
      )}
      {apiKey.type === 'client' && (
        <Fact name="Bundle IDs">
          <List items={apiKey.bundle_ids} absent="Any" />
          {apiKey.bundle_id_mismatches > 0 && (
            <Badge tone="warn" className="ml-1">
              {formatCount(apiKey.bundle_id_mismatches)} requests from other apps
            </Badge>
          )}
        </Fact>
      )}
      <Fact name="Rate limits">{limits.length === 0 ? 'Project defaults' : limits.join(' · ')}</Fact>
      <Fact name="Created">
        <TimeAgo at={apiKey.created_at} /> by <bdi>{nameOf(apiKey.created_by, 'sentence')}</bdi>
      </Fact>
      <Fact name="Last used">
        <TimeAgo at={apiKey.last_used_at} />
        {apiKey.last_used_ip && ` from ${apiKey.last_used_ip}`}
        {apiKey.last_used_sdk && <span className="block text-soft text-xs">{apiKey.last_used_sdk}</span>}
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd className="-mt-2 min-w-0 break-words sm:mt-0">{children}</dd>
    </>
  );
}

function List({ items, absent = 'None' }: { items: readonly string[]; absent?: string }) {
  if (items.length === 0) return absent;
  return (
    <span className="flex flex-wrap gap-1">
      {items.map((item) => (
        <Code key={item}>{item}</Code>
      ))}
    </span>
  );
}
