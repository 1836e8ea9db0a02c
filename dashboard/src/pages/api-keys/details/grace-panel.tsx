import { useState } from 'react';
import type { ApiKey } from '../../../api/answers.ts';
import { useProject } from '../../../api/project.ts';
import { TimeAgo, TimeUntil } from '../../../components/time-ago.tsx';
import { Badge } from '../../../components/ui/badge.tsx';
import { Button } from '../../../components/ui/button.tsx';
import { useNow } from '../../../lib/now.ts';
import { adviseGrace, type GraceAdvice } from '../key/grace-advice.ts';
import { isAlive } from '../key/key-labels.ts';
import { EndGraceDialog } from './end-grace-dialog.tsx';

const ADVICE: Record<GraceAdvice['state'], { tone: 'good' | 'warn'; label: string; text: string }> = {
  safe: {
    tone: 'good',
    label: 'Safe to expire now',
    text: 'The new secret is in use and the old one no longer is.',
  },
  waiting: {
    tone: 'warn',
    label: 'Waiting for the new secret',
    text: 'The new secret has never been used. Expiring the old one now will break anything still using it.',
  },
  in_use: {
    tone: 'warn',
    label: 'Still in use',
    text: 'Both secrets are in use. Expiring the old one now will break anything still using it.',
  },
};

/** The two secrets of a key during a rotation: which one is in use, and whether the old one can be expired. */
export function GracePanel({ apiKey }: { apiKey: ApiKey }) {
  const now = useNow();
  const { can } = useProject();
  const [isConfirming, setConfirming] = useState(false);
  const advice = isAlive(apiKey.status) ? adviseGrace(apiKey.secrets, now) : undefined;
  if (!advice) return null;
  const { tone, label, text } = ADVICE[advice.state];
  return (
    <section aria-label="Rotation" className="rounded-xl border">
      <header className="flex flex-wrap items-center justify-between gap-2 px-4 pt-3.5">
        <h3 className="font-medium text-sm">Rotation in progress</h3>
        <Badge tone={tone}>{label}</Badge>
      </header>
      <p className="px-4 pt-1 text-note text-soft">{text}</p>
      <dl className="mt-3 divide-y border-y">
        <SecretRow title="New secret" secret={advice.newest} />
        <SecretRow title="Old secret" secret={advice.older} />
      </dl>
      {can('keys:write') && (
        <div className="px-4 py-3">
          <Button
            size="sm"
            variant={advice.state === 'safe' ? 'primary' : 'danger'}
            onClick={() => setConfirming(true)}
          >
            Expire old secret now
          </Button>
        </div>
      )}
      {isConfirming && (
        <EndGraceDialog apiKey={apiKey} advice={advice} onClose={() => setConfirming(false)} />
      )}
    </section>
  );
}

function SecretRow({ title, secret }: { title: string; secret: ApiKey['secrets'][number] }) {
  return (
    <div className="flex flex-wrap items-baseline justify-between gap-x-4 px-4 py-2 text-note">
      <dt>
        {title} <span className="font-mono text-soft text-xs">{secret.hint}</span>
      </dt>
      <dd className="text-soft">
        {secret.last_used_at === null ? (
          'never used'
        ) : (
          <>
            used <TimeAgo at={secret.last_used_at} />
          </>
        )}
        {secret.expires_at && (
          <>
            , expires <TimeUntil at={secret.expires_at} />
          </>
        )}
      </dd>
    </div>
  );
}
