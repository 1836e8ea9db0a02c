import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { createFirstAccount, setupQuery } from '../../api/sign-in.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { Button } from '../../components/ui/button.tsx';
import { findPasswordError } from '../../lib/password-rules.ts';
import { forgetProject } from '../../shell/home.ts';
import { AuthForm } from './auth-form.tsx';
import { AuthLayout } from './auth-layout.tsx';
import { useLinkToken } from './link-token.ts';
import { NeedsTls } from './needs-tls.tsx';
import { type NewAccount, NewAccountFields } from './new-account-fields.tsx';
import { useOpenDashboard } from './use-open-dashboard.ts';

/** Creates the first account with the link that the server printed. It becomes owner of all projects without one. */
export function SetupPage() {
  const token = useLinkToken();
  const { data: setup } = useQuery(setupQuery);
  if (setup && !setup.allows_sign_in) return <NeedsTls />;
  if (setup && !setup.needs_setup) {
    return (
      <AuthLayout
        title="Already set up"
        description="This server already has an account. Sign in, or ask for an invitation."
      >
        <Button asChild variant="primary">
          <Link to="/sign-in">Sign in</Link>
        </Button>
      </AuthLayout>
    );
  }
  if (token === '') {
    return (
      <AuthLayout
        title="Incomplete setup link"
        description="Open the full setup link, including the part after the #."
      >
        <p className="text-note text-soft">Every start prints a new link and invalidates the previous one:</p>
        <CodeBlock code="npm start" />
      </AuthLayout>
    );
  }
  return (
    <AuthLayout
      title="Set up Appflow"
      description="Create the first account. It owns every project on this server and can invite others."
    >
      <SetupForm token={token} />
    </AuthLayout>
  );
}

function SetupForm({ token }: { token: string }) {
  const [account, setAccount] = useState<NewAccount>({ name: '', email: '', password: '' });
  const [wasSubmitted, setSubmitted] = useState(false);
  const openDashboard = useOpenDashboard();
  const setUp = async () => {
    setSubmitted(true);
    if (findPasswordError(account.password) !== undefined) return;
    const session = await createFirstAccount({ token, ...account });
    forgetProject();
    openDashboard(session);
  };
  return (
    <AuthForm submitLabel="Create account" failure="Couldn't create the account" onSubmit={setUp}>
      {(error) => (
        <NewAccountFields account={account} onChange={setAccount} wasSubmitted={wasSubmitted} error={error} />
      )}
    </AuthForm>
  );
}
