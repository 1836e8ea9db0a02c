import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Invitation, Member, Page, Role } from '../../api/answers.ts';
import { api } from '../../api/http.ts';
import { useProject } from '../../api/project.ts';
import { isPowerful } from './roles.ts';

export type NewInvitation = Invitation & { link: string };

/** The invitations not yet accepted. */
export function useInvitations() {
  const { project, path } = useProject();
  return useQuery({
    queryKey: ['projects', project.id, 'invitations'],
    queryFn: async ({ signal }) =>
      (await api<Page<Invitation>>('GET', path('/invitations'), { signal })).data,
  });
}

/** Returns the verbs of members and invitations. */
export function useMemberActions() {
  const { project, path } = useProject();
  const client = useQueryClient();
  const renew = (what: 'members' | 'invitations') => () =>
    client.invalidateQueries({ queryKey: ['projects', project.id, what] });
  return {
    invite: useMutation({
      // The answer holds the link, which is shown once.
      gcTime: 0,
      mutationFn: (body: { email: string; role: Role }) =>
        api<NewInvitation>('POST', path('/invitations'), { body, stepUp: isPowerful(body.role) }),
      onSettled: renew('invitations'),
    }),
    withdraw: useMutation({
      mutationFn: ({ id }: Invitation) => api('DELETE', path(`/invitations/${id}`)),
      onSettled: renew('invitations'),
    }),
    changeRole: useMutation({
      mutationFn: ({ member, role }: { member: Member; role: Role }) =>
        api<Member>('PATCH', path(`/members/${member.id}`), { body: { role }, stepUp: isPowerful(role) }),
      onSettled: renew('members'),
    }),
    remove: useMutation({
      mutationFn: ({ id }: Member) => api('DELETE', path(`/members/${id}`)),
      onSettled: renew('members'),
    }),
  };
}
