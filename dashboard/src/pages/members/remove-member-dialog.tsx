import { toast } from 'sonner';
import type { Member } from '../../api/answers.ts';
import { useMemberActions } from '../../api/members.ts';
import { errorMessage } from '../../api/problem.ts';
import { useProject } from '../../api/project.ts';
import { isCanceled } from '../../api/step-up.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';

/** Removes a member from the project. */
export function RemoveMemberDialog({ subject, onClose }: { subject: Member; onClose: () => void }) {
  const { project } = useProject();
  const { remove } = useMemberActions();
  const confirm = () =>
    remove.mutate(subject, {
      onSuccess: () => {
        onClose();
        toast.success(`${subject.name} no longer has access to ${project.name}.`);
      },
      onError: (error) => isCanceled(error) || toast.error(errorMessage(error)),
    });
  return (
    <ConfirmDialog
      isDanger
      onClose={onClose}
      title={`Remove ${subject.name}?`}
      description={`${subject.email} loses access to ${project.name} immediately. API keys they know keep working, so rotate those.`}
      confirm="Remove member"
      isBusy={remove.isPending}
      onConfirm={confirm}
    />
  );
}
