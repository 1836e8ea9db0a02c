import { toast } from 'sonner';
import type { ApiKey } from '../../../api/answers.ts';
import { useKeyActions } from '../../../api/keys.ts';
import { errorMessage } from '../../../api/problem.ts';
import { useProject } from '../../../api/project.ts';
import { TimeAgo, TimeUntil } from '../../../components/time-ago.tsx';
import { Badge } from '../../../components/ui/badge.tsx';
import { Button } from '../../../components/ui/button.tsx';
import { useNow } from '../../../lib/now.ts';
import { adviseGrace, type GraceAdvice } from '../key/grace-advice.ts';
import { isAlive } from '../key/key-labels.ts';

const ADVICE: Record<GraceAdvice['state'], { tone: 'good' | 'warn'; label: string; text: string }> = {
  safe: {
    tone: 'good',
    label: 'Safe to end now',
    text: 'The new secret is in use and the former one no longer is.',
  },
  waiting: {
    tone: 'warn',
    label: 'Waiting for the new secret',
    text: 'The new secret was never used. Ending the grace now would cut off whoever still has the former one.',
  },
  in_use: {
    tone: 'warn',
    label: 'Still in use',
    text: 'Both secrets are in use. Ending the grace now would cut off whoever still has the former one.',
  },
};

/** The two secrets of a key during a rotation: which one is in use, and whether the old one can be expired. */
export function GracePanel({ apiKey }: { apiKey: ApiKey }) {
  const now = useNow();
  const { can } = useProject();
  const { endGrace } = useKeyActions();
  const advice = isAlive(apiKey.status) ? adviseGrace(apiKey.secrets, now) : undefined;
  if (!advice) return null;
  const { tone, label, text } = ADVICE[advice.state];
  const endNow = () =>
    endGrace.mutate(apiKey, {
      onSuccess: () => toast.success('The former secret is refused from now on.'),
      onError: (error) => toast.error(errorMessage(error)),
    });
  return (
    <section aria-label="Rotation" className="rounded-xl border">
      <header className="flex flex-wrap items-center justify-between gap-2 px-4 pt-3.5">
        <h3 className="font-medium text-sm">Rotation under way</h3>
        <Badge tone={tone}>{label}</Badge>
      </header>
      <p className="px-4 pt-1 text-note text-soft">{text}</p>
      <dl className="mt-3 divide-y border-y">
        <SecretRow title="New secret" secret={advice.newest} />
        <SecretRow title="Former secret" secret={advice.older} />
      </dl>
      {can('keys:write') && (
        <div className="px-4 py-3">
          <Button
            size="sm"
            variant={advice.state === 'safe' ? 'primary' : 'danger'}
            isBusy={endGrace.isPending}
            onClick={endNow}
          >
            {advice.state === 'safe' ? 'End grace now' : 'End grace now anyway'}
          </Button>
        </div>
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
        used <TimeAgo at={secret.last_used_at} absent="never" />
        {secret.expires_at && (
          <>
            , ends <TimeUntil at={secret.expires_at} />
          </>
        )}
      </dd>
    </div>
  );
}
