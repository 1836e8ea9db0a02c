import { Mail } from 'lucide-react';
import { toast } from 'sonner';
import type { Invitation } from '../../api/answers.ts';
import { useInvitations, useMemberActions } from '../../api/members.ts';
import { errorMessage } from '../../api/problem.ts';
import { useProject } from '../../api/project.ts';
import { QueryState } from '../../components/query-state.tsx';
import { TimeAgo, TimeUntil } from '../../components/time-ago.tsx';
import { Badge } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHeader } from '../../components/ui/card.tsx';

/** Pending invitations; nothing if there are none. */
export function InvitationList() {
  const invitations = useInvitations();
  // No skeleton: usually there are none.
  if (!invitations.error && !invitations.data?.length) return null;
  return (
    <Card>
      <CardHeader title="Pending invitations" description="Invitation links that haven't been used yet." />
      <QueryState query={invitations} what="Couldn't load the invitations" pending={null}>
        {(all) => (
          <ul className="divide-y border-t">
            {all.map((invitation) => (
              <InvitationRow key={invitation.id} invitation={invitation} />
            ))}
          </ul>
        )}
      </QueryState>
    </Card>
  );
}

function InvitationRow({ invitation }: { invitation: Invitation }) {
  const { can } = useProject();
  const { revokeInvitation } = useMemberActions();
  const revoke = () =>
    revokeInvitation.mutate(invitation, {
      onSuccess: () => toast.success(`Invitation revoked. The link for ${invitation.email} no longer works.`),
      onError: (error) => toast.error(errorMessage(error)),
    });
  return (
    <li className="flex items-center gap-3 px-5 py-2.5">
      <Mail className="size-4 shrink-0 text-soft" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm">{invitation.email}</p>
        <p className="text-soft text-xs">
          Created <TimeAgo at={invitation.created_at} /> · expires <TimeUntil at={invitation.expires_at} />
        </p>
      </div>
      <Badge tone="outline" className="capitalize">
        {invitation.role}
      </Badge>
      {can('members:write') && (
        <Button
          size="sm"
          variant="ghost"
          onClick={revoke}
          isBusy={revokeInvitation.isPending}
          aria-label={`Revoke the invitation of ${invitation.email}`}
        >
          Revoke
        </Button>
      )}
    </li>
  );
}
