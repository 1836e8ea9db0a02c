import { useState } from 'react';
import type { NewInvitation, Role } from '../../api/answers.ts';
import { useMemberActions } from '../../api/members.ts';
import { mistakeIn } from '../../api/problem.ts';
import { useProject } from '../../api/project.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { ShownOnceDialog } from '../../components/shown-once-dialog.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Input } from '../../components/ui/input.tsx';
import { Select } from '../../components/ui/select.tsx';
import { ROLES, rolesToGive } from './roles.ts';

/** Makes an invitation and shows its link, which the person sends by a way of their own: Appflow sends no mail. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const [made, setMade] = useState<NewInvitation>();
  if (!made) return <InviteForm onClose={onClose} onMade={setMade} />;
  return (
    <ShownOnceDialog
      className="max-w-md"
      title="Send them this link"
      description={`For ${made.email}, as ${made.role}.`}
      confirmation="I have copied this link"
      onClose={onClose}
    >
      <CodeBlock code={made.link} what="link" />
      <Callout tone="warn">
        It is shown only now, works once, and ends <TimeAgo at={made.expires_at} />. Whoever has it can join.
      </Callout>
    </ShownOnceDialog>
  );
}

type InviteFormProps = { onClose: () => void; onMade: (invitation: NewInvitation) => void };

function InviteForm({ onClose, onMade }: InviteFormProps) {
  const { project } = useProject();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('developer');
  const { invite } = useMemberActions();
  const choose = (text: string) => setRole(ROLES.find((known) => known.role === text)?.role ?? 'analyst');
  return (
    <FormDialog
      title="Invite member"
      description="You get a link to send them."
      deed={{ subject: 'The invitation', done: 'made', isRepeatable: false }}
      submitLabel="Create link"
      onSubmit={async () => onMade(await invite.mutateAsync({ email: email.trim(), role }))}
      onClose={onClose}
    >
      {(error) => (
        <>
          <Field label="E-mail" mistake={mistakeIn(error, 'email')}>
            {(control) => (
              <Input
                {...control}
                type="email"
                required
                autoFocus
                autoComplete="off"
                placeholder="name@example.com"
                value={email}
                onChange={(event) => setEmail(event.target.value)}
              />
            )}
          </Field>
          <Field label="Role" hint={ROLES.find((known) => known.role === role)?.meaning}>
            {(control) => (
              <Select {...control} value={role} onChange={(event) => choose(event.target.value)}>
                {rolesToGive(project.role).map(({ role: known, label }) => (
                  <option key={known} value={known}>
                    {label}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        </>
      )}
    </FormDialog>
  );
}
