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

/** What the person is about to do. */
type Doing = { verb: 'invite' | 'leave' } | { verb: 'remove'; member: Member };

/** Who may enter the project, and as what. */
export function MembersPage() {
  const { can, project } = useProject();
  const [doing, setDoing] = useState<Doing>();
  const members = useMembers();
  const end = () => setDoing(undefined);
  return (
    <Page
      title="Members"
      description={`People who sign in to ${project.name}. A role holds from the next click on.`}
      actions={
        can('members:write') && (
          <Button variant="primary" onClick={() => setDoing({ verb: 'invite' })}>
            <UserPlus aria-hidden />
            Invite member
          </Button>
        )
      }
    >
      <Card>
        <QueryState
          query={members}
          what="The members could not be loaded"
          pending={<SkeletonRows rows={3} />}
        >
          {(all) => (
            <MemberTable
              members={all}
              onRemove={(member) => setDoing({ verb: 'remove', member })}
              onLeave={() => setDoing({ verb: 'leave' })}
            />
          )}
        </QueryState>
      </Card>
      <InvitationList />
      <RolesCard />
      {doing?.verb === 'invite' && <InviteDialog onClose={end} />}
      {doing?.verb === 'remove' && <RemoveMemberDialog subject={doing.member} onClose={end} />}
      {doing?.verb === 'leave' && <LeaveProjectDialog project={project} onClose={end} />}
    </Page>
  );
}

function RolesCard() {
  return (
    <Card>
      <CardHeader title="What the roles mean" />
      <CardBody>
        <dl className="grid gap-x-6 gap-y-2 text-note sm:grid-cols-[7rem_minmax(0,1fr)]">
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
