import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ApiKey } from '../../api/answers.ts';
import { useCurrentApp } from '../../api/apps.ts';
import { keysQuery } from '../../api/keys.ts';
import { useProject } from '../../api/project.ts';
import { QueryState } from '../../components/query-state.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { listClientKeys } from './choose-client-key.ts';

const TYPES = [
  { type: 'client', variable: 'CLIENT_KEY', use: 'sends events from apps' },
  { type: 'server', variable: 'SERVER_KEY', use: 'for your backend' },
  { type: 'read_only', variable: 'READ_KEY', use: 'reads metrics' },
] as const;

/** Which of the project's keys goes into which variable of the commands. By hint: keys are never shown again. */
export function KeyHints() {
  const { project } = useProject();
  const keys = useQuery(keysQuery(project.id));
  const { apps, app } = useCurrentApp();
  const usable = keys.data?.filter(({ status }) => status === 'active' || status === 'expiring') ?? [];
  const listFor = (type: ApiKey['type']) =>
    type === 'client' && app
      ? listClientKeys(usable, { sdk: 'appflow', appId: app.id, hasOtherApps: apps.length > 1 })
      : usable.filter((key) => key.type === type);
  return (
    <Card>
      <CardHeader
        title="Your keys"
        description="The commands below read your keys from these variables. A key is shown only once, when it is created: use the one you stored, or create another."
        actions={
          <Button asChild size="sm">
            <Link to="/p/$projectId/settings/api-keys" params={{ projectId: project.id }}>
              API keys
            </Link>
          </Button>
        }
      />
      <CardBody>
        <QueryState query={keys} what="Couldn't load the keys" pending={<Skeleton className="h-24" />}>
          {() => (
            <dl className="grid gap-2 text-sm">
              {TYPES.map(({ type, variable, use }) => (
                <HintRow key={type} variable={variable} use={use} found={listFor(type)} />
              ))}
            </dl>
          )}
        </QueryState>
      </CardBody>
    </Card>
  );
}

type HintRowProps = { variable: string; use: string; found: readonly ApiKey[] };

function HintRow({ variable, use, found }: HintRowProps) {
  const [first, ...others] = found;
  return (
    <div className="flex flex-wrap items-baseline gap-x-3">
      <dt className="w-44 shrink-0">
        <code className="font-mono text-note">{variable}</code>{' '}
        <span className="block text-soft text-xs">{use}</span>
      </dt>
      <dd className="min-w-0">
        {first ? (
          <>
            {first.name} <span className="font-mono text-soft text-xs">{first.hint}</span>
            {others.length > 0 && <span className="text-soft text-xs"> and {others.length} more</span>}
          </>
        ) : (
          <span className="text-soft">No usable key yet</span>
        )}
      </dd>
    </div>
  );
}
