import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { RotateCcw } from 'lucide-react';
import { toast } from 'sonner';
import { errorMessage } from '../../api/problem.ts';
import { deletedProjectsQuery, restoreProject } from '../../api/project.ts';
import { refreshSession } from '../../api/session.ts';
import { isCanceled } from '../../api/step-up.ts';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHeader } from '../../components/ui/card.tsx';

/** The person's projects deleted within the last 30 days, which owners can restore. */
export function DeletedProjectsCard() {
  const { data: projects = [] } = useQuery(deletedProjectsQuery);
  const client = useQueryClient();
  const restore = useMutation({
    mutationFn: restoreProject,
    onSuccess: async ({ name }) => {
      toast.success(`${name} is restored.`, { description: 'Its API keys work again.' });
      await refreshSession(client);
    },
    onError: (error) => isCanceled(error) || toast.error(errorMessage(error)),
    onSettled: () => client.invalidateQueries({ queryKey: deletedProjectsQuery.queryKey }),
  });
  if (projects.length === 0) return null;
  return (
    <Card>
      <CardHeader
        title="Deleted projects"
        description="Owners can restore a project for 30 days after it was deleted."
      />
      <ul className="divide-y border-t">
        {projects.map(({ id, name, role, deleted_at }) => (
          <li key={id} className="flex items-center gap-3 px-5 py-2.5">
            <p className="min-w-0 flex-1 text-sm">
              <bdi className="block truncate font-medium">{name}</bdi>
              <span className="text-soft text-xs">
                Deleted <TimeAgo at={deleted_at} />
              </span>
            </p>
            {role === 'owner' && (
              <Button
                size="sm"
                onClick={() => restore.mutate(id)}
                isBusy={restore.isPending && restore.variables === id}
                aria-label={`Restore ${name}`}
              >
                <RotateCcw aria-hidden />
                Restore
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
