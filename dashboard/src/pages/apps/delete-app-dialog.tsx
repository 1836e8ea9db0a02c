import { useMutation, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import type { App } from '../../api/answers.ts';
import { deleteApp, refreshApps } from '../../api/apps.ts';
import { errorMessage } from '../../api/problem.ts';
import { useProject } from '../../api/project.ts';
import { isCanceled } from '../../api/step-up.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { useRestoreApp } from './restore-app.ts';

/** Deletes an app after its name was typed. It can be restored for 30 days. */
export function DeleteAppDialog({ subject, onClose }: { subject: App; onClose: () => void }) {
  const { project } = useProject();
  const client = useQueryClient();
  const restore = useRestoreApp();
  const remove = useMutation({
    mutationFn: () => deleteApp(project.id, subject.id),
    onSuccess: async () => {
      onClose();
      toast.success(`Deleted ${subject.name}`, {
        description: 'New events are rejected. You can restore it for 30 days.',
        duration: 12_000,
        action: { label: 'Undo', onClick: () => restore.mutate(subject) },
      });
      await refreshApps(client, project.id);
    },
    onError: (error) => isCanceled(error) || toast.error(errorMessage(error)),
  });
  return (
    <ConfirmDialog
      isDanger
      onClose={onClose}
      title={`Delete ${subject.name}?`}
      description="New events are rejected immediately, and its analytics are hidden. You can restore the app for 30 days."
      confirm="Delete app"
      nameToType={subject.name}
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate()}
    />
  );
}
