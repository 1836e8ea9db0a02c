import { useState } from 'react';
import type { NewInvitation, Role } from '../../api/answers.ts';
import { useMemberActions } from '../../api/members.ts';
import { fieldError } from '../../api/problem.ts';
import { useProject } from '../../api/project.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { ShownOnceDialog } from '../../components/shown-once-dialog.tsx';
import { TimeUntil } from '../../components/time-ago.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Input } from '../../components/ui/input.tsx';
import { Select } from '../../components/ui/select.tsx';
import { assignableRoles, ROLES } from './roles.ts';

/** Creates an invitation and shows its link, which people send themselves: Appflow sends no email. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const [invitation, setInvitation] = useState<NewInvitation>();
  if (!invitation) return <InviteForm onClose={onClose} onCreated={setInvitation} />;
  return (
    <ShownOnceDialog
      className="max-w-md"
      title="Share this link"
      description={`For ${invitation.email}, as ${invitation.role}.`}
      confirmation="I have copied this link"
      onClose={onClose}
    >
      <CodeBlock code={invitation.link} what="link" />
      <Callout tone="warn">
        Shown once. Works once and expires <TimeUntil at={invitation.expires_at} />. Anyone with the link can
        join.
      </Callout>
    </ShownOnceDialog>
  );
}

type InviteFormProps = { onClose: () => void; onCreated: (invitation: NewInvitation) => void };

function InviteForm({ onClose, onCreated }: InviteFormProps) {
  const { project } = useProject();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('developer');
  const { invite } = useMemberActions();
  const choose = (text: string) => setRole(ROLES.find((known) => known.role === text)?.role ?? 'analyst');
  return (
    <FormDialog
      title="Invite member"
      description="You'll get a link to share."
      action={{ subject: 'The invitation', done: 'created', isRepeatable: false }}
      submitLabel="Create link"
      onSubmit={async () => onCreated(await invite.mutateAsync({ email: email.trim(), role }))}
      onClose={onClose}
    >
      {(error) => (
        <>
          <Field label="Email" error={fieldError(error, 'email')}>
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
          <Field label="Role" hint={ROLES.find((known) => known.role === role)?.description}>
            {(control) => (
              <Select {...control} value={role} onChange={(event) => choose(event.target.value)}>
                {assignableRoles(project.role).map(({ role: known, label }) => (
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
