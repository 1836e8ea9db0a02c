import { RotateCcw } from 'lucide-react';
import type { App } from '../../api/answers.ts';
import { PlatformIcon } from '../../components/platform.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHeader } from '../../components/ui/card.tsx';
import { useRestoreApp } from './restore-app.ts';

/** Apps deleted within the last 30 days, which can be restored. */
export function DeletedApps({ apps, canRestore }: { apps: readonly App[]; canRestore: boolean }) {
  const restore = useRestoreApp();
  if (apps.length === 0) return null;
  return (
    <Card>
      <CardHeader title="Deleted" description="You can restore an app for 30 days after it was deleted." />
      <ul className="divide-y border-t">
        {apps.map((app) => (
          <li key={app.id} className="flex items-center gap-3 px-5 py-2.5">
            <PlatformIcon platform={app.platform} className="size-4 shrink-0 text-soft" />
            <span className="min-w-0 flex-1 truncate text-sm">
              <bdi>{app.name}</bdi>{' '}
              <span className="text-soft text-xs">
                deleted <TimeAgo at={app.deleted_at} />
              </span>
            </span>
            {canRestore && (
              <Button
                size="sm"
                isBusy={restore.isPending}
                aria-label={`Restore ${app.name}`}
                onClick={() => restore.mutate(app)}
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
