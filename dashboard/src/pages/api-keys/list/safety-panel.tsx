import { ChevronRight, Clock, Maximize2, ShieldAlert, ShieldCheck, TimerOff } from 'lucide-react';
import { useState } from 'react';
import type { ApiKey } from '../../../api/answers.ts';
import { USAGE_DAYS, type UsageById } from '../../../api/keys.ts';
import { Button } from '../../../components/ui/button.tsx';
import { Card } from '../../../components/ui/card.tsx';
import { cn } from '../../../lib/class-names.ts';
import { formatAgo, formatAmount } from '../../../lib/format.ts';
import { useNow } from '../../../lib/now.ts';
import { countCheckedScopes, type Finding, findRisks, UNUSED_DAYS } from '../key/safety.ts';

const ICONS = { leaked: ShieldAlert, never_expires: TimerOff, unused: Clock, too_wide: Maximize2 } as const;
const SHOWN_FIRST = 3;

/** Returns the text of a finding and what to do about it. */
function describe(finding: Finding, now: number): { claim: string; advice: string } {
  switch (finding.kind) {
    case 'leaked':
      return {
        claim: finding.isDead ? 'leaked and was revoked' : 'was reported as leaked',
        advice: finding.isDead
          ? 'Check that nothing still uses it.'
          : 'Client keys ship in your apps and can only send events. If it is misused, rotate it with a long grace period.',
      };
    case 'unused':
      return {
        claim: finding.key.last_used_at
          ? `was last used ${formatAgo(finding.since, now)}`
          : `has never been used since it was created ${formatAgo(finding.since, now)}`,
        advice: 'If you no longer need it, revoke it (you can undo this for an hour).',
      };
    case 'never_expires':
      return { claim: 'never expires', advice: 'Set an expiry date or rotate it regularly.' };
    case 'too_wide':
      return {
        claim: `has ${formatAmount(finding.unusedScopes.length, 'scope')} it hasn't used in ${USAGE_DAYS} days`,
        advice: `It only makes ${finding.used.join(' and ')} requests. Remove the scopes it doesn't need.`,
      };
  }
}

type SafetyPanelProps = { keys: readonly ApiKey[]; usage: UsageById; onOpen: (keyId: string) => void };

/** The keys with findings, and why. */
export function SafetyPanel({ keys, usage, onOpen }: SafetyPanelProps) {
  const now = useNow();
  const [isOpen, setOpen] = useState(false);
  const findings = findRisks(keys, usage, now);
  const shown = isOpen ? findings : findings.slice(0, SHOWN_FIRST);
  if (findings.length === 0) return <NothingFound {...countCheckedScopes(keys, usage)} />;
  return (
    <Card aria-label="Safety">
      <header className="flex items-center gap-2.5 px-5 pt-3.5 pb-2">
        <ShieldAlert className="size-4.5 text-warn" aria-hidden />
        <h2 className="font-semibold text-[0.9375rem] tracking-tight">Safety</h2>
        <span className="text-note text-soft">{formatAmount(findings.length, 'recommendation')}</span>
      </header>
      <ul className="divide-y border-t">
        {shown.map((finding) => (
          <FindingRow key={`${finding.kind}-${finding.key.id}`} finding={finding} now={now} onOpen={onOpen} />
        ))}
      </ul>
      {findings.length > SHOWN_FIRST && (
        <div className="border-t px-3 py-1.5">
          <Button variant="ghost" size="sm" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? 'Show fewer' : `Show all ${findings.length}`}
          </Button>
        </div>
      )}
    </Card>
  );
}

function NothingFound({ compared, used }: { compared: number; used: number }) {
  const which =
    compared === used
      ? 'No server key has unused scopes.'
      : `No unused scopes were found in the ${compared} of ${used} server keys that were checked.`;
  return (
    <Card aria-label="Safety" className="flex items-center gap-3 px-5 py-3.5 text-sm">
      <ShieldCheck className="size-5 shrink-0 text-good" aria-hidden />
      <p>
        <span className="font-medium">No recommendations.</span>{' '}
        <span className="text-soft">
          No key has leaked or gone unused for {UNUSED_DAYS} days, and every server and read-only key has an
          expiry date.
          {compared > 0 && ` ${which}`}
        </span>
      </p>
    </Card>
  );
}

type FindingRowProps = { finding: Finding; now: number; onOpen: (keyId: string) => void };

function FindingRow({ finding, now, onOpen }: FindingRowProps) {
  const Icon = ICONS[finding.kind];
  const { claim, advice } = describe(finding, now);
  const isCritical = finding.kind === 'leaked' && !finding.isDead;
  return (
    <li>
      <button
        type="button"
        onClick={() => onOpen(finding.key.id)}
        className="flex w-full items-center gap-3 px-5 py-2.5 text-left transition-colors hover:bg-hover/50 focus-visible:-outline-offset-2"
      >
        <Icon className={cn('size-4 shrink-0', isCritical ? 'text-bad' : 'text-warn')} aria-hidden />
        <span className="wrap-anywhere min-w-0 flex-1 text-note">
          <bdi className="font-medium">{finding.key.name}</bdi> {claim}.{' '}
          <span className="text-soft">{advice}</span>
        </span>
        <ChevronRight className="size-4 shrink-0 text-soft" aria-hidden />
      </button>
    </li>
  );
}
