import { UserPlus } from 'lucide-react';
import { useState } from 'react';
import { useMembers } from '../../api/actors.ts';
import type { Member } from '../../api/answers.ts';
import { useProject } from '../../api/project.ts';
import { Page } from '../../components/page.tsx';
import { ErrorState } from '../../components/states.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { InvitationList } from './invitation-list.tsx';
import { InviteDialog } from './invite-dialog.tsx';
import { MemberTable } from './member-table.tsx';
import { RemoveMemberDialog } from './remove-member-dialog.tsx';
import { ROLES } from './roles.ts';

/** Who may enter the project, and as what. */
export function MembersPage() {
  const { can, project } = useProject();
  const [isInviting, setInviting] = useState(false);
  const [leaving, setLeaving] = useState<Member>();
  const members = useMembers();
  const mayWrite = can('members:write');
  return (
    <Page
      title="Members"
      description={`People who sign in to ${project.name}. A role holds from the next click on.`}
      actions={
        mayWrite && (
          <Button variant="primary" onClick={() => setInviting(true)}>
            <UserPlus aria-hidden />
            Invite member
          </Button>
        )
      }
    >
      <Card>
        {members.isPending ? (
          <SkeletonRows rows={3} />
        ) : members.isError ? (
          <ErrorState
            what="The members could not be loaded"
            error={members.error}
            onRetry={members.refetch}
          />
        ) : (
          <MemberTable members={members.data} onRemove={setLeaving} />
        )}
      </Card>
      <InvitationList />
      <RolesCard />
      <InviteDialog isOpen={isInviting} onClose={() => setInviting(false)} />
      <RemoveMemberDialog subject={leaving} onClose={() => setLeaving(undefined)} />
    </Page>
  );
}

function RolesCard() {
  return (
    <Card>
      <CardHeader title="What the roles mean" />
      <CardBody>
        <dl className="grid gap-x-6 gap-y-2 text-[0.8125rem] sm:grid-cols-[7rem_minmax(0,1fr)]">
          {ROLES.map(({ role, label, meaning }) => (
            <div key={role} className="contents">
              <dt className="font-medium">{label}</dt>
              <dd className="-mt-2 text-soft sm:mt-0">{meaning}</dd>
            </div>
          ))}
        </dl>
      </CardBody>
    </Card>
  );
}
