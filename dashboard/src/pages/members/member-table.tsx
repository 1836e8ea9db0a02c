import type { Member } from '../../api/answers.ts';
import { useProject } from '../../api/project.ts';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Badge } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { ActionsHead, Cell, Head, HeadRow, Row, Table } from '../../components/ui/table.tsx';
import { Initials } from '../../shell/user-menu.tsx';
import { RoleMenu } from './role-menu.tsx';
import { roleLabel } from './roles.ts';

type MemberTableProps = {
  members: readonly Member[];
  /** For another member. */
  onRemove: (member: Member) => void;
  /** For oneself. */
  onLeave: () => void;
};

/** The members with their roles. */
export function MemberTable({ members, onRemove, onLeave }: MemberTableProps) {
  return (
    <Table label="Members" isStacked className="sm:min-w-[42rem]">
      <thead>
        <HeadRow>
          <Head>Member</Head>
          <Head>Role</Head>
          <Head>Last seen</Head>
          <Head>Member since</Head>
          <ActionsHead />
        </HeadRow>
      </thead>
      <tbody>
        {members.map((member) => (
          <MemberRow key={member.id} member={member} onRemove={onRemove} onLeave={onLeave} />
        ))}
      </tbody>
    </Table>
  );
}

type MemberRowProps = Omit<MemberTableProps, 'members'> & { member: Member };

function MemberRow({ member, onRemove, onLeave }: MemberRowProps) {
  const { can, project } = useProject();
  // Only owners may change owners. Everyone may leave.
  const needsOwner = member.role === 'owner' && project.role !== 'owner';
  const canChange = can('members:write') && !needsOwner && !member.is_you;
  return (
    <Row>
      <NameCell member={member} />
      <Cell data-label="Role">
        {canChange ? <RoleMenu member={member} /> : <Badge tone="outline">{roleLabel(member.role)}</Badge>}
      </Cell>
      <Cell data-label="Last seen" className="whitespace-nowrap">
        <TimeAgo at={member.last_seen_at} />
      </Cell>
      <Cell data-label="Member since" className="whitespace-nowrap text-soft">
        <TimeAgo at={member.created_at} />
      </Cell>
      <Cell className="text-right max-sm:justify-end">
        {member.is_you && (
          <Button variant="ghost" size="sm" onClick={onLeave}>
            Leave project
          </Button>
        )}
        {canChange && (
          <Button
            variant="ghost"
            size="sm"
            onClick={() => onRemove(member)}
            aria-label={`Remove ${member.name}`}
          >
            Remove
          </Button>
        )}
      </Cell>
    </Row>
  );
}

function NameCell({ member }: { member: Member }) {
  return (
    <Cell>
      <div className="flex min-w-0 items-center gap-3">
        <Initials name={member.name} />
        <div className="min-w-0">
          <p className="flex items-center gap-2 font-medium">
            <bdi className="max-w-56 truncate">{member.name}</bdi>
            {member.is_you && <Badge tone="info">You</Badge>}
          </p>
          <p className="max-w-64 truncate text-soft text-xs" title={member.email}>
            {member.email}
          </p>
        </div>
      </div>
    </Cell>
  );
}
