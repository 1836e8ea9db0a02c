import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { toast } from 'sonner';
import { changePassword, sessionsQuery } from '../../api/account.ts';
import { errorMessage, fieldError } from '../../api/problem.ts';
import { isCanceled } from '../../api/step-up.ts';
import { PasswordField } from '../../components/password-field.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { findPasswordError, PASSWORD_MIN } from '../../lib/password-rules.ts';

/** Changes the password, after asking for the current one. */
export function PasswordCard() {
  const [password, setPassword] = useState('');
  const [wasSubmitted, setSubmitted] = useState(false);
  const client = useQueryClient();
  const change = useMutation({
    gcTime: 0,
    mutationFn: () => changePassword(password),
    onSuccess: async () => {
      setPassword('');
      setSubmitted(false);
      toast.success('Password changed. You were signed out on all other devices.');
      await client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
    },
    onError: (error) =>
      isCanceled(error) || fieldError(error, 'new_password') || toast.error(errorMessage(error)),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setSubmitted(true);
    if (findPasswordError(password) === undefined) change.mutate();
  };
  return (
    <Card>
      <CardHeader title="Password" description="Changing it signs you out on all other devices." />
      <CardBody>
        <form onSubmit={submit} className="grid max-w-sm gap-4">
          <PasswordField
            isNew
            label="New password"
            value={password}
            onChange={setPassword}
            hint={`At least ${PASSWORD_MIN} characters, such as a few unrelated words.`}
            error={(wasSubmitted && findPasswordError(password)) || fieldError(change.error, 'new_password')}
          />
          <div>
            <Button type="submit" disabled={password === ''} isBusy={change.isPending}>
              Change password
            </Button>
          </div>
        </form>
      </CardBody>
    </Card>
  );
}
