import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { createFirstAccount, setupQuery } from '../../api/sign-in.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { Button } from '../../components/ui/button.tsx';
import { findPasswordError } from '../../lib/password-rules.ts';
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
        description="This installation has an account. Sign in, or ask for an invitation."
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
        title="The link is incomplete"
        description="Open the whole setup link, with the part after the #."
      >
        <p className="text-note text-soft">Each start prints a new one and voids the old:</p>
        <CodeBlock code="npm start" />
      </AuthLayout>
    );
  }
  return (
    <AuthLayout
      title="Set up Appflow"
      description="Make the first account. It owns this installation's projects and can invite others."
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
    openDashboard(await createFirstAccount({ token, ...account }));
  };
  return (
    <AuthForm submitLabel="Create account" failure="The account was not made" onSubmit={setUp}>
      {(error) => (
        <NewAccountFields account={account} onChange={setAccount} wasSubmitted={wasSubmitted} error={error} />
      )}
    </AuthForm>
  );
}
