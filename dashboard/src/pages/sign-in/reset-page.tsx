import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { api } from '../../api/http.ts';
import { sentenceOf } from '../../api/problem.ts';
import { PasswordField } from '../../components/password-field.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { findPasswordMistake, PASSWORD_MIN } from '../../lib/password-rules.ts';
import { Entrance } from './entrance.tsx';
import { useLinkToken } from './link-token.ts';

/** A new password, by a link that the operator made. */
export function ResetPage() {
  const token = useLinkToken();
  const [password, setPassword] = useState('');
  const [wasTried, setTried] = useState(false);
  const reset = useMutation({
    gcTime: 0,
    mutationFn: () => api('POST', '/app/v1/reset', { body: { token, password } }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (findPasswordMistake(password) === undefined) reset.mutate();
  };
  if (reset.isSuccess) {
    return (
      <Entrance
        title="Your password is changed"
        description="Every session was ended. Sign in with the new one."
      >
        <Button asChild variant="primary">
          <Link to="/sign-in">Sign in</Link>
        </Button>
      </Entrance>
    );
  }
  return (
    <Entrance title="Choose a new password" description="The link works once, within an hour of being made.">
      <form onSubmit={submit} className="grid gap-4">
        <PasswordField
          isNew
          autoFocus
          label="New password"
          value={password}
          onChange={setPassword}
          hint={`At least ${PASSWORD_MIN} characters.`}
          mistake={wasTried ? findPasswordMistake(password) : undefined}
        />
        {reset.error && (
          <Callout tone="bad" isAlert title="The password was not changed">
            {sentenceOf(reset.error)}
          </Callout>
        )}
        <Button type="submit" variant="primary" isBusy={reset.isPending}>
          Change password
        </Button>
      </form>
    </Entrance>
  );
}
