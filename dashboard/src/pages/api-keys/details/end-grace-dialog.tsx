import { toast } from 'sonner';
import type { ApiKey } from '../../../api/answers.ts';
import { useKeyActions } from '../../../api/keys.ts';
import { errorMessage } from '../../../api/problem.ts';
import { ConfirmDialog } from '../../../components/confirm-dialog.tsx';
import { TimeAgo } from '../../../components/time-ago.tsx';
import { Callout } from '../../../components/ui/callout.tsx';
import type { GraceAdvice } from '../key/grace-advice.ts';

type EndGraceDialogProps = { apiKey: ApiKey; advice: GraceAdvice; onClose: () => void };

/** Asks before the old secret of a key is expired, and says what still uses it: this cannot be undone. */
export function EndGraceDialog({ apiKey, advice, onClose }: EndGraceDialogProps) {
  const { endGrace } = useKeyActions();
  const confirm = () =>
    endGrace.mutate(apiKey, {
      onSuccess: () => {
        onClose();
        toast.success('The old secret no longer works.');
      },
      onError: (error) => toast.error(errorMessage(error)),
    });
  return (
    <ConfirmDialog
      isDanger={advice.state !== 'safe'}
      onClose={onClose}
      title="Expire the old secret now?"
      description={`Requests with ${advice.older.hint} will fail immediately. This can't be undone.`}
      confirm="Expire old secret"
      isBusy={endGrace.isPending}
      onConfirm={confirm}
    >
      <LastUse apiKey={apiKey} advice={advice} />
    </ConfirmDialog>
  );
}

function LastUse({ apiKey, advice: { state, newest, older } }: Omit<EndGraceDialogProps, 'onClose'>) {
  if (older.last_used_at === null) return <Callout title="The old secret has never been used" />;
  // Address and SDK are those of the key's last request: known to be the old secret's only if that came last.
  const isLatest = older.last_used_at === apiKey.last_used_at;
  return (
    <Callout
      tone={state === 'safe' ? 'good' : 'warn'}
      title={state === 'safe' ? 'No longer in use' : 'Something still uses the old secret'}
    >
      Last used <TimeAgo at={older.last_used_at} />
      {isLatest && apiKey.last_used_ip && ` from ${apiKey.last_used_ip}`}
      {isLatest && apiKey.last_used_sdk && ` by ${apiKey.last_used_sdk}`}.
      {newest.last_used_at === null && ' The new secret has never been used.'}
    </Callout>
  );
}
