import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import type { Erasure } from '../../api/answers.ts';
import { erasureQuery, refreshAfterErasure } from '../../api/users.ts';
import { ErrorState } from '../../components/states.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from '../../components/ui/dialog.tsx';
import { formatAmount } from '../../lib/format.ts';

type ErasureDialogProps = {
  projectId: string;
  /** As the server answered: done, or under way. */
  started: Erasure;
  onClose: () => void;
};

/** Follows an erasure until it is done, and says what was deleted. Open while mounted. */
export function ErasureDialog({ projectId, started, onClose }: ErasureDialogProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { data: erasure, error, refetch } = useQuery(erasureQuery(projectId, started));
  const isDone = erasure.status === 'done';
  useEffect(() => {
    if (isDone) return () => void refreshAfterErasure(client, projectId);
    return undefined;
  }, [isDone, client, projectId]);
  const leave = () =>
    isDone ? void navigate({ to: '/p/$projectId/users', params: { projectId }, replace: true }) : onClose();
  return (
    <Dialog open onOpenChange={(isOpen) => !isOpen && leave()}>
      <DialogContent title={isDone ? 'User erased' : 'Erasing the user'} className="max-w-md">
        <DialogBody>
          {isDone ? (
            <Result erasure={erasure} />
          ) : error ? (
            <ErrorState what="Couldn't check the progress" error={error} onRetry={refetch} />
          ) : (
            <Progress erasure={erasure} />
          )}
        </DialogBody>
        <DialogFooter>
          <DialogClose asChild>
            <Button variant={isDone ? 'primary' : 'secondary'}>{isDone ? 'Go to users' : 'Close'}</Button>
          </DialogClose>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}

function Progress({ erasure: { erased } }: { erasure: Erasure }) {
  return (
    <div role="status" className="grid gap-3 text-note">
      <div aria-hidden className="h-1.5 overflow-hidden rounded-full bg-muted">
        <div className="h-full w-1/3 animate-pulse rounded-full bg-primary" />
      </div>
      <p>
        {erased.events === 0 ? 'Finding the events' : `Deleting ${formatAmount(erased.events, 'event')}`}, and
        recomputing the metrics.
      </p>
      <p className="text-soft">You can close this dialog: the server continues, after a restart too.</p>
    </div>
  );
}

function Result({ erasure: { id, app_ids, erased } }: { erasure: Erasure }) {
  if (erased.events === 0) {
    return (
      <Callout tone="good" isAlert title="Nothing was left to delete">
        There are no events of this user. Old ones that arrive late are rejected.
      </Callout>
    );
  }
  return (
    <Callout tone="good" isAlert title={`Deleted ${formatAmount(erased.events, 'event')}`}>
      Sent with {formatAmount(erased.app_user_ids, 'ID')} to {formatAmount(app_ids.length, 'app')}. The audit
      log has an entry with the erasure <span className="break-all font-mono">{id}</span>.
    </Callout>
  );
}
