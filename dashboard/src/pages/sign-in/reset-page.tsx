import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { resetPassword } from '../../api/sign-in.ts';
import { PasswordField } from '../../components/password-field.tsx';
import { Button } from '../../components/ui/button.tsx';
import { findPasswordMistake, PASSWORD_MIN } from '../../lib/password-rules.ts';
import { Entrance } from './entrance.tsx';
import { EntranceForm } from './entrance-form.tsx';
import { useLinkToken } from './link-token.ts';

/** A new password, by a link that the operator made. */
export function ResetPage() {
  const token = useLinkToken();
  const [password, setPassword] = useState('');
  const [wasTried, setTried] = useState(false);
  const [isChanged, setChanged] = useState(false);
  const reset = async () => {
    setTried(true);
    if (findPasswordMistake(password) !== undefined) return;
    await resetPassword(token, password);
    setChanged(true);
  };
  if (isChanged) {
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
      <EntranceForm submitLabel="Change password" failure="The password was not changed" onSubmit={reset}>
        {() => (
          <PasswordField
            isNew
            autoFocus
            label="New password"
            value={password}
            onChange={setPassword}
            hint={`At least ${PASSWORD_MIN} characters.`}
            mistake={wasTried ? findPasswordMistake(password) : undefined}
          />
        )}
      </EntranceForm>
    </Entrance>
  );
}
