import { useMutation } from '@tanstack/react-query';
import { toast } from 'sonner';
import type { SessionProject } from '../../api/answers.ts';
import { removeMember } from '../../api/members.ts';
import { errorMessage } from '../../api/problem.ts';
import { useSession } from '../../api/session.ts';
import { isCanceled } from '../../api/step-up.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';

/** Leaves a project. The server refuses for the last owner and says why. */
export function LeaveProjectDialog({ project, onClose }: { project: SessionProject; onClose: () => void }) {
  const { user } = useSession();
  const leave = useMutation({
    mutationFn: () => removeMember(project.id, user.id),
    // A full page load: nothing of the project stays in memory.
    onSuccess: () => window.location.assign('/'),
    onError: (error) => isCanceled(error) || toast.error(errorMessage(error)),
  });
  return (
    <ConfirmDialog
      isDanger
      onClose={onClose}
      title={`Leave ${project.name}?`}
      description="You lose access immediately, and need a new invitation to rejoin. API keys you created keep working."
      confirm="Leave project"
      isBusy={leave.isPending || leave.isSuccess}
      onConfirm={() => leave.mutate()}
    />
  );
}
