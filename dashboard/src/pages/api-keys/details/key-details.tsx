import { RefreshCw, RotateCcw, Trash2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { toast } from 'sonner';
import type { ApiKey } from '../../../api/answers.ts';
import { useCurrentApp } from '../../../api/apps.ts';
import { useKeyActions } from '../../../api/keys.ts';
import { useActorNames } from '../../../api/members.ts';
import { errorMessage } from '../../../api/problem.ts';
import { useProject } from '../../../api/project.ts';
import { isCanceled } from '../../../api/step-up.ts';
import { CopyButton } from '../../../components/copy-button.tsx';
import { TimeAgo } from '../../../components/time-ago.tsx';
import { Badge, Code } from '../../../components/ui/badge.tsx';
import { Button } from '../../../components/ui/button.tsx';
import { Callout } from '../../../components/ui/callout.tsx';
import { Switch } from '../../../components/ui/switch.tsx';
import { formatCount } from '../../../lib/format.ts';
import { LIMIT_PARTS, readLimit } from '../../../lib/limits-draft.ts';
import { useNow } from '../../../lib/now.ts';
import { Expiry, StatusBadge, TypeBadge } from '../key/key-badges.tsx';
import type { KeyAction } from '../key/key-labels.ts';
import { isAlive, REVOKE_REASONS } from '../key/key-labels.ts';
import { isRestorable, useRestoreKey } from '../key/restore-key.ts';
import { GracePanel } from './grace-panel.tsx';

type KeyDetailsProps = {
  subject: ApiKey;
  all: readonly ApiKey[];
  onAction: (action: KeyAction) => void;
};

/** A key's details, restrictions and actions. */
export function KeyDetails({ subject, all, onAction }: KeyDetailsProps) {
  const { can } = useProject();
  return (
    <div className="grid gap-5">
      <div className="flex flex-wrap items-center gap-2">
        <TypeBadge type={subject.type} />
        <StatusBadge status={subject.status} />
        <span className="font-mono text-soft text-xs">{subject.hint}</span>
        <CopyButton text={subject.id} what="key id" />
      </div>
      {subject.leak_reported_at && (
        <Callout tone="bad" title="Reported as leaked">
          First reported <TimeAgo at={subject.leak_reported_at} />. A client key is in every installed app, so
          a report changes nothing by itself: it can only write events. Rotate it if it is misused.
        </Callout>
      )}
      <RevokedNote subject={subject} all={all} />
      <GracePanel subject={subject} />
      {can('keys:write') && isAlive(subject.status) && <Actions subject={subject} onAction={onAction} />}
      <Facts subject={subject} all={all} />
    </div>
  );
}

function RevokedNote({ subject, all }: Omit<KeyDetailsProps, 'onAction'>) {
  const nameOf = useActorNames(all);
  const now = useNow();
  const { can } = useProject();
  const restore = useRestoreKey();
  if (subject.revoked_at === null) return null;
  const reason = REVOKE_REASONS.find(({ value }) => value === subject.revoked_reason)?.label;
  return (
    <Callout
      tone="warn"
      title="This key is revoked"
      actions={
        can('keys:write') &&
        isRestorable(subject, now) && (
          <Button size="sm" onClick={() => restore.mutate(subject)} isBusy={restore.isPending}>
            <RotateCcw aria-hidden />
            Restore key
          </Button>
        )
      }
    >
      <TimeAgo at={subject.revoked_at} /> by <bdi>{nameOf(subject.revoked_by ?? '')}</bdi>
      {reason && `: ${reason.toLowerCase()}`}. Every request with it is refused.
    </Callout>
  );
}

function Actions({ subject, onAction }: Omit<KeyDetailsProps, 'all'>) {
  const { update } = useKeyActions();
  const enable = (isEnabled: boolean) =>
    update.mutate(
      { key: subject, body: { disabled: !isEnabled } },
      {
        onSuccess: () => toast.success(`${subject.name} is ${isEnabled ? 'enabled' : 'disabled'}.`),
        onError: (error) => isCanceled(error) || toast.error(errorMessage(error)),
      },
    );
  return (
    <div className="grid gap-4 rounded-xl border px-4 py-3.5">
      <Switch
        label="Enabled"
        hint="Switch off to refuse its requests for now; switch on again at any time."
        checked={!subject.disabled}
        disabled={update.isPending}
        onCheckedChange={enable}
      />
      <div className="flex flex-wrap gap-2 border-t pt-3.5">
        <Button size="sm" onClick={() => onAction({ kind: 'rotate', keyId: subject.id })}>
          <RefreshCw aria-hidden />
          Rotate secret
        </Button>
        <Button size="sm" variant="danger" onClick={() => onAction({ kind: 'revoke', keyId: subject.id })}>
          <Trash2 aria-hidden />
          Revoke key
        </Button>
      </div>
    </div>
  );
}

function Facts({ subject, all }: Omit<KeyDetailsProps, 'onAction'>) {
  const nameOf = useActorNames(all);
  const { apps } = useCurrentApp();
  const limits = LIMIT_PARTS.flatMap(({ part, label }) => {
    const rate = readLimit(subject.rate_limits, part);
    return rate ? [`${label}: ${formatCount(rate.rate)}/s, burst ${formatCount(rate.burst)}`] : [];
  });
  const appNames = subject.app_ids?.map((id) => apps.find((app) => app.id === id)?.name ?? id);
  return (
    <dl className="grid gap-x-4 gap-y-3 text-sm sm:grid-cols-[9rem_minmax(0,1fr)]">
      <Fact name="Scopes">
        <List items={subject.scopes} />
      </Fact>
      <Fact name="Apps">{appNames?.join(', ') ?? 'All apps, later ones included'}</Fact>
      <Fact name="Expires">
        <Expiry at={subject.expires_at} />
      </Fact>
      <Fact name="IP addresses">
        <List items={subject.ip_allowlist} absent="Any" />
      </Fact>
      {subject.type === 'read_only' && (
        <Fact name="Allowed origins">
          <List items={subject.allowed_origins} absent="None: no browser may use it" />
        </Fact>
      )}
      {subject.type === 'client' && (
        <Fact name="Bundle ids">
          <List items={subject.bundle_ids} absent="Any" />
          {subject.bundle_id_mismatches > 0 && (
            <Badge tone="warn" className="ml-1">
              {formatCount(subject.bundle_id_mismatches)} requests from others
            </Badge>
          )}
        </Fact>
      )}
      <Fact name="Rate limits">{limits.length === 0 ? "The project's defaults" : limits.join(' · ')}</Fact>
      <Fact name="Created">
        <TimeAgo at={subject.created_at} /> by <bdi>{nameOf(subject.created_by)}</bdi>
      </Fact>
      <Fact name="Last used">
        <TimeAgo at={subject.last_used_at} />
        {subject.last_used_ip && ` from ${subject.last_used_ip}`}
        {subject.last_used_sdk && <span className="block text-soft text-xs">{subject.last_used_sdk}</span>}
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
