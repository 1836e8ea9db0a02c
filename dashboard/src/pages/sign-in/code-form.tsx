import { useState } from 'react';
import type { Session } from '../../api/answers.ts';
import { signInWithCode } from '../../api/sign-in.ts';
import { Button } from '../../components/ui/button.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Input } from '../../components/ui/input.tsx';
import { withoutSpaces } from '../../lib/without-spaces.ts';
import { AuthForm } from './auth-form.tsx';
import { AuthLayout } from './auth-layout.tsx';

type CodeFormProps = {
  onBack: () => void;
  /** Called with the session that the code started. */
  onSignedIn: (session: Session) => void | Promise<void>;
};

/** The second step of a sign-in: a code of the authenticator app, or a backup code. */
export function CodeForm({ onBack, onSignedIn }: CodeFormProps) {
  const [code, setCode] = useState('');
  const confirm = async () => onSignedIn(await signInWithCode(withoutSpaces(code)));
  return (
    <AuthLayout
      title="Two-factor authentication"
      description="Enter the 6-digit code from your authenticator app, or one of your backup codes."
    >
      <AuthForm submitLabel="Sign in" onSubmit={confirm}>
        {() => (
          <Field label="Code">
            {(control) => (
              <Input
                {...control}
                required
                autoFocus
                autoComplete="one-time-code"
                className="text-center font-mono tracking-widest"
                value={code}
                onChange={(event) => setCode(event.target.value)}
              />
            )}
          </Field>
        )}
      </AuthForm>
      <Button variant="ghost" onClick={onBack}>
        Back
      </Button>
    </AuthLayout>
  );
}
