import { toast } from 'sonner';
import type { Member, Role } from '../../api/answers.ts';
import { sentenceOf } from '../../api/problem.ts';
import { useProject } from '../../api/project.ts';
import { isCancelled } from '../../api/step-up.ts';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Badge } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Select } from '../../components/ui/select.tsx';
import { Cell, Head, HeadRow, Row, Table } from '../../components/ui/table.tsx';
import { Initials } from '../../shell/user-menu.tsx';
import { useMemberActions } from './members-api.ts';
import { ROLES, rolesToGive } from './roles.ts';

type MemberTableProps = { members: readonly Member[]; onRemove: (member: Member) => void };

/** The members with their roles. */
export function MemberTable({ members, onRemove }: MemberTableProps) {
  return (
    <Table label="Members" className="min-w-[42rem]">
      <thead>
        <HeadRow>
          <Head>Member</Head>
          <Head>Role</Head>
          <Head>Last seen</Head>
          <Head>Member since</Head>
          <Head>
            <span className="sr-only">Actions</span>
          </Head>
        </HeadRow>
      </thead>
      <tbody>
        {members.map((member) => (
          <MemberRow key={member.id} member={member} onRemove={onRemove} />
        ))}
      </tbody>
    </Table>
  );
}

function MemberRow({ member, onRemove }: { member: Member; onRemove: (member: Member) => void }) {
  const { can, project } = useProject();
  // Only an owner may touch an owner; leaving is everyone's right.
  const mayTouch = can('members:write') && (member.role !== 'owner' || project.role === 'owner');
  return (
    <Row>
      <Cell>
        <div className="flex items-center gap-3">
          <Initials name={member.name} />
          <div className="min-w-0">
            <p className="flex items-center gap-2 font-medium">
              <span className="max-w-56 truncate">{member.name}</span>
              {member.is_you && <Badge tone="info">You</Badge>}
            </p>
            <p className="max-w-64 truncate text-soft text-xs" title={member.email}>
              {member.email}
            </p>
          </div>
        </div>
      </Cell>
      <Cell>
        {mayTouch && !member.is_you ? <RoleSelect member={member} /> : <RoleName role={member.role} />}
      </Cell>
      <Cell className="whitespace-nowrap">
        <TimeAgo at={member.last_seen_at} />
      </Cell>
      <Cell className="whitespace-nowrap text-soft">
        <TimeAgo at={member.created_at} />
      </Cell>
      <Cell className="text-right">
        {mayTouch && !member.is_you && (
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

function RoleName({ role }: { role: Role }) {
  return <Badge tone="outline">{ROLES.find((known) => known.role === role)?.label ?? role}</Badge>;
}

function RoleSelect({ member }: { member: Member }) {
  const { project } = useProject();
  const { changeRole } = useMemberActions();
  const change = (text: string) => {
    const role = ROLES.find((known) => known.role === text)?.role;
    if (role === undefined) return;
    changeRole.mutate(
      { member, role },
      {
        onSuccess: () => toast.success(`${member.name} is ${role} now.`),
        onError: (error) => isCancelled(error) || toast.error(sentenceOf(error)),
      },
    );
  };
  return (
    <Select
      aria-label={`Role of ${member.name}`}
      className="w-36"
      value={member.role}
      disabled={changeRole.isPending}
      onChange={(event) => change(event.target.value)}
    >
      {rolesToGive(project.role).map(({ role, label }) => (
        <option key={role} value={role}>
          {label}
        </option>
      ))}
    </Select>
  );
}
