import { UserPlus } from 'lucide-react';
import { useState } from 'react';
import type { Member } from '../../api/answers.ts';
import { useMembers } from '../../api/members.ts';
import { useProject } from '../../api/project.ts';
import { Page } from '../../components/page.tsx';
import { QueryState } from '../../components/query-state.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { InvitationList } from './invitation-list.tsx';
import { InviteDialog } from './invite-dialog.tsx';
import { LeaveProjectDialog } from './leave-project-dialog.tsx';
import { MemberTable } from './member-table.tsx';
import { RemoveMemberDialog } from './remove-member-dialog.tsx';
import { ROLES } from './roles.ts';

/** The open dialog. */
type MemberDialogState = { kind: 'invite' | 'leave' } | { kind: 'remove'; member: Member };

/** The project's members, their roles, and invitations. */
export function MembersPage() {
  const { can, project } = useProject();
  const [dialog, setDialog] = useState<MemberDialogState>();
  const members = useMembers();
  const closeDialog = () => setDialog(undefined);
  return (
    <Page
      title="Members"
      docs="/docs/people"
      description={`People with access to ${project.name}. Role changes take effect immediately.`}
      actions={
        can('members:write') && (
          <Button variant="primary" onClick={() => setDialog({ kind: 'invite' })}>
            <UserPlus aria-hidden />
            Invite member
          </Button>
        )
      }
    >
      <Card>
        <QueryState query={members} what="Couldn't load the members" pending={<SkeletonRows rows={3} />}>
          {(all) => (
            <MemberTable
              members={all}
              onRemove={(member) => setDialog({ kind: 'remove', member })}
              onLeave={() => setDialog({ kind: 'leave' })}
            />
          )}
        </QueryState>
      </Card>
      <InvitationList />
      <RolesCard />
      {dialog?.kind === 'invite' && <InviteDialog onClose={closeDialog} />}
      {dialog?.kind === 'remove' && <RemoveMemberDialog subject={dialog.member} onClose={closeDialog} />}
      {dialog?.kind === 'leave' && <LeaveProjectDialog project={project} onClose={closeDialog} />}
    </Page>
  );
}

function RolesCard() {
  return (
    <Card>
      <CardHeader title="Roles" />
      <CardBody>
        <dl className="grid gap-x-6 gap-y-2 text-note sm:grid-cols-[7rem_minmax(0,1fr)]">
          {ROLES.map(({ role, label, description }) => (
            <div key={role} className="contents">
              <dt className="font-medium">{label}</dt>
              <dd className="-mt-2 text-soft sm:mt-0">{description}</dd>
            </div>
          ))}
        </dl>
      </CardBody>
    </Card>
  );
}
