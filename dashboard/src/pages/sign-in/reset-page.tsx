import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { resetPassword } from '../../api/sign-in.ts';
import { PasswordField } from '../../components/password-field.tsx';
import { Button } from '../../components/ui/button.tsx';
import { findPasswordError, PASSWORD_MIN } from '../../lib/password-rules.ts';
import { AuthForm } from './auth-form.tsx';
import { AuthLayout } from './auth-layout.tsx';
import { useLinkToken } from './link-token.ts';

/** Sets a new password with a reset link from the operator. */
export function ResetPage() {
  const token = useLinkToken();
  const [password, setPassword] = useState('');
  const [wasSubmitted, setSubmitted] = useState(false);
  const [isChanged, setChanged] = useState(false);
  const reset = async () => {
    setSubmitted(true);
    if (findPasswordError(password) !== undefined) return;
    await resetPassword(token, password);
    setChanged(true);
  };
  if (isChanged) {
    return (
      <AuthLayout
        title="Password changed"
        description="You were signed out everywhere. Sign in with your new password."
      >
        <Button asChild variant="primary">
          <Link to="/sign-in">Sign in</Link>
        </Button>
      </AuthLayout>
    );
  }
  return (
    <AuthLayout title="Choose a new password" description="Reset links work once and expire after 1 hour.">
      <AuthForm submitLabel="Change password" failure="Couldn't change the password" onSubmit={reset}>
        {() => (
          <PasswordField
            isNew
            autoFocus
            label="New password"
            value={password}
            onChange={setPassword}
            hint={`At least ${PASSWORD_MIN} characters.`}
            error={wasSubmitted ? findPasswordError(password) : undefined}
          />
        )}
      </AuthForm>
    </AuthLayout>
  );
}
