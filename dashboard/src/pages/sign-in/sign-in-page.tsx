import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { setupQuery, signIn } from '../../api/sign-in.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { PasswordField } from '../../components/password-field.tsx';
import { ErrorState } from '../../components/states.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Input } from '../../components/ui/input.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { AuthForm } from './auth-form.tsx';
import { AuthLayout } from './auth-layout.tsx';
import { CodeForm } from './code-form.tsx';
import { NeedsTls } from './needs-tls.tsx';
import { useOpenDashboard } from './use-open-dashboard.ts';

/** Sign-in: the password, then a code if a second factor is set up. */
export function SignInPage() {
  const setup = useQuery(setupQuery);
  const [needsCode, setNeedsCode] = useState(false);
  const { return: returnTo } = useSearch({ from: '/sign-in' });
  const openDashboard = useOpenDashboard();
  if (setup.isError) {
    return (
      <AuthLayout title="Sign in">
        <ErrorState what="Can't reach Appflow" error={setup.error} onRetry={setup.refetch} className="p-0" />
      </AuthLayout>
    );
  }
  if (setup.data && !setup.data.allows_sign_in) return <NeedsTls />;
  if (setup.data?.needs_setup) return <NeedsSetup />;
  if (needsCode) {
    return (
      <CodeForm
        onBack={() => setNeedsCode(false)}
        onSignedIn={(session) => openDashboard(session, returnTo)}
      />
    );
  }
  return (
    <AuthLayout
      title="Sign in"
      footer={
        <details>
          <summary className="cursor-pointer">Forgot your password?</summary>
          <p className="mt-2 mb-2">
            Ask the person who runs this server for a reset link. They create it with:
          </p>
          <CodeBlock className="text-left" code="npm run --silent appflow -- members reset-link EMAIL" />
        </details>
      }
    >
      {setup.isPending ? (
        <Skeleton className="h-44" />
      ) : (
        <PasswordForm onCodeNeeded={() => setNeedsCode(true)} />
      )}
    </AuthLayout>
  );
}

function NeedsSetup() {
  return (
    <AuthLayout
      title="Welcome to Appflow"
      description="Create the first account with the one-time setup link that the server printed when it started."
    >
      <p className="text-note text-soft">Lost the link? Every start prints a new one:</p>
      <CodeBlock code="npm start" />
    </AuthLayout>
  );
}

function PasswordForm({ onCodeNeeded }: { onCodeNeeded: () => void }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const { return: returnTo } = useSearch({ from: '/sign-in' });
  const openDashboard = useOpenDashboard();
  const send = async () => {
    const answer = await signIn({ email: email.trim(), password });
    if ('totp_required' in answer) onCodeNeeded();
    else openDashboard(answer, returnTo);
  };
  return (
    <AuthForm submitLabel="Sign in" onSubmit={send}>
      {() => (
        <>
          <Field label="Email">
            {(control) => (
              <Input
                {...control}
                type="email"
                required
                autoFocus
                autoComplete="username"
                value={email}
                onChange={(event) => setEmail(event.target.value)}
              />
            )}
          </Field>
          <PasswordField value={password} onChange={setPassword} />
        </>
      )}
    </AuthForm>
  );
}
