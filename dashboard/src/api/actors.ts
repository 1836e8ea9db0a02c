import { useQuery } from '@tanstack/react-query';
import type { ApiKey, Member, Page } from './answers.ts';
import { api } from './http.ts';
import { projectPath, useProject } from './project.ts';
import { useSession } from './session.ts';

/** The project's members, for whoever may see them. */
export function useMembers() {
  const { project, can } = useProject();
  return useQuery({
    queryKey: ['projects', project.id, 'members'],
    queryFn: async ({ signal }) =>
      (await api<Page<Member>>('GET', projectPath(project.id, '/members'), { signal })).data,
    enabled: can('members:read'),
    staleTime: 60_000,
  });
}

/** Returns how to say an actor's id: a member's name, a key's name, what the installation does itself. */
export function useActorNames(keys: readonly Pick<ApiKey, 'id' | 'name'>[] = []): (id: string) => string {
  const { user } = useSession();
  const { data: members = [] } = useMembers();
  const names = new Map([
    ...keys.map(({ id, name }) => [id, name] as const),
    ...members.map(({ id, name }) => [id, name] as const),
    ['cli', 'Command line'],
    ['system', 'Appflow'],
  ]);
  return (id) => (id === user.id ? 'You' : (names.get(id) ?? id));
}
