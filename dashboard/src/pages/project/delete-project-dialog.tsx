import { useMutation } from '@tanstack/react-query';
import { toast } from 'sonner';
import type { SessionProject } from '../../api/answers.ts';
import { errorMessage } from '../../api/problem.ts';
import { deleteProject } from '../../api/project.ts';
import { isCanceled } from '../../api/step-up.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';

type DeleteProjectDialogProps = { project: SessionProject; onClose: () => void };

/** Deletes a project after its name was typed, and opens the account page, where it can be restored. */
export function DeleteProjectDialog({ project, onClose }: DeleteProjectDialogProps) {
  const remove = useMutation({
    mutationFn: () => deleteProject(project.id),
    // A full page load: nothing of the project stays in memory.
    onSuccess: () => window.location.assign('/account'),
    onError: (error) => isCanceled(error) || toast.error(errorMessage(error)),
  });
  return (
    <ConfirmDialog
      isDanger
      onClose={onClose}
      title={`Delete ${project.name}?`}
      description="All of its API keys are rejected immediately, so apps can no longer send events. You can restore the project for 30 days under Account and security."
      confirm="Delete project"
      nameToType={project.name}
      isBusy={remove.isPending || remove.isSuccess}
      onConfirm={() => remove.mutate()}
    />
  );
}
