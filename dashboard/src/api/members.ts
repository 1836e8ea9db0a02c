import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ApiKey, Invitation, Member, Role } from './answers.ts';
import { call } from './http.ts';
import { projectKey, useProject } from './project.ts';
import { useSession } from './session.ts';

const membersQuery = (projectId: string) =>
  queryOptions({
    queryKey: [...projectKey(projectId), 'members'],
    queryFn: async ({ signal }) => {
      const params = { project_id: projectId };
      return (await call('GET /app/v1/projects/{project_id}/members', { params, signal })).data;
    },
    staleTime: 60_000,
  });

const invitationsQuery = (projectId: string) =>
  queryOptions({
    queryKey: [...projectKey(projectId), 'invitations'],
    queryFn: async ({ signal }) => {
      const params = { project_id: projectId };
      return (await call('GET /app/v1/projects/{project_id}/invitations', { params, signal })).data;
    },
  });

/** Returns the project's members, if the person may see them. */
export function useMembers() {
  const { project, can } = useProject();
  return useQuery({ ...membersQuery(project.id), enabled: can('members:read') });
}

/** Returns the invitations that are not accepted yet. */
export function useInvitations() {
  return useQuery(invitationsQuery(useProject().project.id));
}

/** Returns the name of an actor: `You` on its own, `you` in a sentence. */
export type ActorNames = (id: string, place?: 'alone' | 'sentence') => string;

/** Returns a function from an actor's id to a name: of a member, of a key, or of the installation itself. */
export function useActorNames(keys: readonly Pick<ApiKey, 'id' | 'name'>[] = []): ActorNames {
  const { user } = useSession();
  const { data: members = [] } = useMembers();
  const names = new Map([
    ...keys.map(({ id, name }) => [id, name] as const),
    ...members.map(({ id, name }) => [id, name] as const),
    ['cli', 'Command line'],
    ['system', 'Appflow'],
  ]);
  return (id, place) => (id === user.id ? (place === 'sentence' ? 'you' : 'You') : (names.get(id) ?? id));
}

/** Removes a member from a project, also oneself, after the password. */
export const removeMember = (projectId: string, id: string) =>
  call('DELETE /app/v1/projects/{project_id}/members/{id}', {
    params: { project_id: projectId, id },
    stepUp: true,
  });

/** Returns the mutations of members and invitations. Each reloads its list when it settles. */
export function useMemberActions() {
  const { project } = useProject();
  const client = useQueryClient();
  const params = { project_id: project.id };
  const refreshMembers = () => client.invalidateQueries({ queryKey: membersQuery(project.id).queryKey });
  const refreshInvitations = () =>
    client.invalidateQueries({ queryKey: invitationsQuery(project.id).queryKey });
  return {
    invite: useMutation({
      // The answer contains the link, which is shown once: it must not stay in the cache.
      gcTime: 0,
      mutationFn: (body: { email: string; role: Role }) =>
        call('POST /app/v1/projects/{project_id}/invitations', {
          params,
          body,
          stepUp: true,
        }),
      onSettled: refreshInvitations,
    }),
    revokeInvitation: useMutation({
      mutationFn: ({ id }: Invitation) =>
        call('DELETE /app/v1/projects/{project_id}/invitations/{id}', { params: { ...params, id } }),
      onSettled: refreshInvitations,
    }),
    changeRole: useMutation({
      mutationFn: ({ member, role }: { member: Member; role: Role }) =>
        call('PATCH /app/v1/projects/{project_id}/members/{id}', {
          params: { ...params, id: member.id },
          body: { role },
          stepUp: true,
        }),
      onSettled: refreshMembers,
    }),
    remove: useMutation({
      mutationFn: ({ id }: Member) => removeMember(project.id, id),
      onSettled: refreshMembers,
    }),
  };
}
