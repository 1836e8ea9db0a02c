import { type FormEvent, useState } from 'react';
import type { Role } from '../../api/answers.ts';
import { mistakeIn, sentenceOf } from '../../api/problem.ts';
import { useProject } from '../../api/project.ts';
import { isCancelled } from '../../api/step-up.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from '../../components/ui/dialog.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Input } from '../../components/ui/input.tsx';
import { Select } from '../../components/ui/select.tsx';
import { type NewInvitation, useMemberActions } from './members-api.ts';
import { ROLES, rolesToGive } from './roles.ts';

/** Makes an invitation and shows its link, which the person sends by a way of their own: Appflow sends no mail. */
export function InviteDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog open={isOpen} onOpenChange={(open) => !open && onClose()}>
      {isOpen && <InviteSteps onClose={onClose} />}
    </Dialog>
  );
}

function InviteSteps({ onClose }: { onClose: () => void }) {
  const [made, setMade] = useState<NewInvitation>();
  if (!made) {
    return (
      <DialogContent className="max-w-md" title="Invite member" description="You get a link to send them.">
        <InviteForm onMade={setMade} />
      </DialogContent>
    );
  }
  return (
    <DialogContent
      className="max-w-md"
      title="Send them this link"
      description={`For ${made.email}, as ${made.role}.`}
    >
      <DialogBody className="grid gap-4">
        <CodeBlock code={made.link} what="link" />
        <Callout tone="warn">
          It is shown only now, works once, and ends <TimeAgo at={made.expires_at} />. Whoever has it can
          join.
        </Callout>
      </DialogBody>
      <DialogFooter>
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      </DialogFooter>
    </DialogContent>
  );
}

function InviteForm({ onMade }: { onMade: (invitation: NewInvitation) => void }) {
  const { project } = useProject();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('developer');
  const { invite } = useMemberActions();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate({ email: email.trim(), role }, { onSuccess: onMade });
  };
  const choose = (text: string) => setRole(ROLES.find((known) => known.role === text)?.role ?? 'analyst');
  return (
    <form onSubmit={submit} className="contents">
      <DialogBody className="grid gap-4">
        <Field label="E-mail" mistake={mistakeIn(invite.error, 'email')}>
          {(control) => (
            <Input
              {...control}
              type="email"
              required
              autoFocus
              autoComplete="off"
              placeholder="grace@example.com"
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
        {invite.error && !isCancelled(invite.error) && (
          <Callout tone="bad" isAlert title="The invitation was not made">
            {sentenceOf(invite.error)}
          </Callout>
        )}
      </DialogBody>
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <Button type="submit" variant="primary" isBusy={invite.isPending}>
          Create link
        </Button>
      </DialogFooter>
    </form>
  );
}
