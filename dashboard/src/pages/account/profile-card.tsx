import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { toast } from 'sonner';
import { NAME_RULES } from '../../../../src/directory/field-rules.ts';
import { updateAccount } from '../../api/account.ts';
import { errorMessage, fieldError } from '../../api/problem.ts';
import { keepSession, useSession } from '../../api/session.ts';
import { isCanceled } from '../../api/step-up.ts';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Input } from '../../components/ui/input.tsx';

/** Whether the form shows the error beside a field. */
const isAtField = (error: unknown) =>
  ['name', 'email'].some((field) => fieldError(error, field) !== undefined);

/** Name and email address of the account. */
export function ProfileCard() {
  const { user } = useSession();
  const [name, setName] = useState(user.name);
  const [email, setEmail] = useState(user.email);
  const client = useQueryClient();
  const body = {
    ...(name.trim() !== user.name && { name: name.trim() }),
    ...(email.trim() !== user.email && { email: email.trim() }),
  };
  const save = useMutation({
    mutationFn: () => updateAccount(body),
    onSuccess: (session) => {
      keepSession(client, session);
      toast.success('Profile saved.');
    },
    onError: (error) => isCanceled(error) || isAtField(error) || toast.error(errorMessage(error)),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Card>
      <CardHeader title="Profile" description="Members see your name, and it appears in the audit log." />
      <CardBody>
        <form onSubmit={submit} className="grid gap-4 sm:grid-cols-2">
          <Field label="Name" error={fieldError(save.error, 'name')}>
            {(control) => (
              <Input
                {...control}
                required
                maxLength={NAME_RULES.maxLength}
                autoComplete="name"
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Field>
          <Field label="Email" error={fieldError(save.error, 'email')}>
            {(control) => (
              <Input
                {...control}
                type="email"
                required
                autoComplete="email"
                value={email}
                onChange={(event) => setEmail(event.target.value)}
              />
            )}
          </Field>
          <div className="sm:col-span-2">
            <Button
              type="submit"
              variant="primary"
              disabled={Object.keys(body).length === 0}
              isBusy={save.isPending}
            >
              Save profile
            </Button>
          </div>
        </form>
      </CardBody>
    </Card>
  );
}
