import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Trash2 } from 'lucide-react';
import { toast } from 'sonner';
import type { View } from '../api/answers.ts';
import { errorMessage } from '../api/problem.ts';
import { useProject } from '../api/project.ts';
import { deleteView, refreshViews, updateView } from '../api/saved.ts';
import { Button } from './ui/button.tsx';
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from './ui/dialog.tsx';

type ManageViewsDialogProps = {
  views: readonly View[];
  /** What the page shows now. */
  search: string;
  onClose: () => void;
};

/** Replaces or deletes saved views. Open while mounted. */
export function ManageViewsDialog({ views, search, onClose }: ManageViewsDialogProps) {
  return (
    <Dialog open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <DialogContent
        title="Manage views"
        description="Update replaces the filters of a view with those you see now."
        className="max-w-md"
      >
        <DialogBody className="px-0">
          {views.length === 0 ? (
            <p className="px-6 text-note text-soft">No saved views</p>
          ) : (
            <ul aria-label="Saved views" className="divide-y">
              {views.map((view) => (
                <ViewRow key={view.id} view={view} search={search} />
              ))}
            </ul>
          )}
        </DialogBody>
        <DialogFooter>
          <DialogClose asChild>
            <Button>Done</Button>
          </DialogClose>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}

function ViewRow({ view: { id, name, search: saved }, search }: { view: View; search: string }) {
  const { project } = useProject();
  const client = useQueryClient();
  const onSettled = () => refreshViews(client, project.id);
  const onError = (error: unknown) => toast.error(errorMessage(error));
  const update = useMutation({
    mutationFn: () => updateView(project.id, id, { search }),
    onSuccess: () => toast.success(`Updated ${name}`),
    onError,
    onSettled,
  });
  const remove = useMutation({
    mutationFn: () => deleteView(project.id, id),
    onSuccess: () => toast.success(`Deleted ${name}`),
    onError,
    onSettled,
  });
  return (
    <li className="flex items-center gap-2 px-6 py-2">
      <bdi className="min-w-0 flex-1 truncate text-sm">{name}</bdi>
      <Button
        size="sm"
        aria-label={`Update ${name}`}
        disabled={saved === search}
        isBusy={update.isPending}
        onClick={() => update.mutate()}
      >
        Update
      </Button>
      <Button
        variant="ghost"
        size="icon-sm"
        aria-label={`Delete ${name}`}
        isBusy={remove.isPending}
        onClick={() => remove.mutate()}
      >
        <Trash2 aria-hidden />
      </Button>
    </li>
  );
}
