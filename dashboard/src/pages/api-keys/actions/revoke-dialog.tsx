import { useState } from 'react';
import { toast } from 'sonner';
import type { ApiKey, RevokeReason } from '../../../api/answers.ts';
import { useKeyActions } from '../../../api/keys.ts';
import { errorMessage, Problem } from '../../../api/problem.ts';
import { ConfirmDialog } from '../../../components/confirm-dialog.tsx';
import { TimeAgo } from '../../../components/time-ago.tsx';
import { Callout } from '../../../components/ui/callout.tsx';
import { Field } from '../../../components/ui/field.tsx';
import { Select } from '../../../components/ui/select.tsx';
import { REVOKE_REASONS } from '../key/key-labels.ts';
import { useRestoreKey } from '../key/restore-key.ts';

const UNDO_SHOWN_MS = 12_000;
/** It may be several sentences. */
const FAILURE_SHOWN_MS = 30_000;

type RevokeDialogProps = { apiKey: ApiKey; onClose: () => void };

/** The key may be refused although that is not stored: the answer says so, and what to do. */
function describeFailure({ name }: ApiKey, error: unknown): string {
  const isRefused = error instanceof Problem && error.code === 'revocation_not_stored';
  return isRefused ? `${name}: ${error.message}` : `Couldn't revoke ${name}. ${errorMessage(error)}`;
}

/** Revokes a key immediately, and offers to undo it. */
export function RevokeDialog({ apiKey, onClose }: RevokeDialogProps) {
  const [reason, setReason] = useState<RevokeReason>('unused');
  const { revoke } = useKeyActions();
  const restore = useRestoreKey();
  const confirm = () =>
    revoke.mutate(
      { key: apiKey, reason },
      {
        onSuccess: () => {
          onClose();
          toast.success(`${apiKey.name} is revoked.`, {
            duration: UNDO_SHOWN_MS,
            description: 'Requests with it now fail.',
            ...(reason !== 'leaked' && {
              action: { label: 'Undo', onClick: () => restore.mutate(apiKey) },
            }),
          });
        },
        onError: (error) => toast.error(describeFailure(apiKey, error), { duration: FAILURE_SHOWN_MS }),
      },
    );
  return (
    <ConfirmDialog
      isDanger
      onClose={onClose}
      title={`Revoke ${apiKey.name}?`}
      description="All requests with this key will fail immediately."
      confirm="Revoke key"
      isBusy={revoke.isPending}
      onConfirm={confirm}
    >
      <div className="grid gap-4">
        <p className="text-sm">
          <span className="font-mono text-soft text-xs">{apiKey.hint}</span> · last used{' '}
          <TimeAgo at={apiKey.last_used_at} absent="never" />
        </p>
        <Field label="Reason" hint="Recorded in the audit log.">
          {(control) => (
            <Select
              {...control}
              value={reason}
              onChange={(event) =>
                setReason(REVOKE_REASONS.find(({ value }) => value === event.target.value)?.value ?? 'other')
              }
            >
              {REVOKE_REASONS.map(({ value, label }) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {reason === 'leaked' ? (
          <Callout tone="warn">A key revoked as leaked can't be restored.</Callout>
        ) : (
          <p className="text-note text-soft">You can restore it for 60 minutes.</p>
        )}
      </div>
    </ConfirmDialog>
  );
}
