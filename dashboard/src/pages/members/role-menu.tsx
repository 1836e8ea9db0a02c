import { ChevronDown } from 'lucide-react';
import { toast } from 'sonner';
import type { Member, Role } from '../../api/answers.ts';
import { useMemberActions } from '../../api/members.ts';
import { errorMessage } from '../../api/problem.ts';
import { useProject } from '../../api/project.ts';
import { isCanceled } from '../../api/step-up.ts';
import { Button } from '../../components/ui/button.tsx';
import { Menu, MenuContent, MenuRadioGroup, MenuRadioItem, MenuTrigger } from '../../components/ui/menu.tsx';
import { assignableRoles, ROLES, roleLabel } from './roles.ts';

/** Changes a member's role. A menu, because in a select a single arrow key would change it. Each change can be undone. */
export function RoleMenu({ member }: { member: Member }) {
  const { project } = useProject();
  const { changeRole } = useMemberActions();
  const change = async (role: Role, before?: Role) => {
    try {
      await changeRole.mutateAsync({ member, role });
      toast.success(`${member.name} is now ${role === 'developer' ? 'a' : 'an'} ${role}.`, {
        ...(before && { action: { label: 'Undo', onClick: () => void change(before) } }),
      });
    } catch (error) {
      if (!isCanceled(error)) toast.error(errorMessage(error));
    }
  };
  const choose = (text: string) => {
    const role = ROLES.find((known) => known.role === text)?.role;
    if (role !== undefined && role !== member.role) void change(role, member.role);
  };
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button
          size="sm"
          isBusy={changeRole.isPending}
          aria-label={`${roleLabel(member.role)}: role of ${member.name}`}
        >
          {roleLabel(member.role)}
          <ChevronDown aria-hidden />
        </Button>
      </MenuTrigger>
      <MenuContent align="start" className="max-w-72">
        <MenuRadioGroup value={member.role} onValueChange={choose}>
          {assignableRoles(project.role).map(({ role, label, description }) => (
            <MenuRadioItem key={role} value={role}>
              <span>
                {label}
                <span className="block text-pretty text-soft text-xs">{description}</span>
              </span>
            </MenuRadioItem>
          ))}
        </MenuRadioGroup>
      </MenuContent>
    </Menu>
  );
}
