import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { InvitationPreview, Session } from '../../api/answers.ts';
import { Problem } from '../../api/problem.ts';
import { isProbablySignedIn, keepSession, sessionQuery } from '../../api/session.ts';
import { acceptInvitation, invitationQuery } from '../../api/sign-in.ts';
import { PasswordField } from '../../components/password-field.tsx';
import { ErrorState } from '../../components/states.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { findPasswordError } from '../../lib/password-rules.ts';
import { AuthForm } from './auth-form.tsx';
import { AuthLayout } from './auth-layout.tsx';
import { CodeForm } from './code-form.tsx';
import { useLinkToken } from './link-token.ts';
import { type NewAccount, NewAccountFields } from './new-account-fields.tsx';
import { useOpenDashboard } from './use-open-dashboard.ts';

/** Accepts an invitation, with a new account or the existing account of that address. */
export function InvitePage() {
  const token = useLinkToken();
  const client = useQueryClient();
  const openDashboard = useOpenDashboard();
  const [needsCode, setNeedsCode] = useState(false);
  const preview = useQuery(invitationQuery(token));
  const { data: session } = useQuery({ ...sessionQuery, enabled: isProbablySignedIn() });
  // With a second factor the password is not enough: the session that the code starts accepts the invitation.
  const acceptSignedIn = async (started: Session) => {
    keepSession(client, started);
    const answer = await acceptInvitation({ token });
    if (!('totp_required' in answer)) openDashboard(answer);
  };
  if (preview.isPending) {
    return (
      <AuthLayout title="Invitation">
        <Skeleton className="h-40" />
      </AuthLayout>
    );
  }
  if (preview.isError) {
    return (
      <AuthLayout title="Invitation">
        {isLinkRefused(preview.error) ? (
          <>
            <ErrorState what="This invitation is no longer valid" error={preview.error} className="p-0" />
            <p className="text-center text-soft text-xs">
              Invitation links work once and expire after 7 days. Ask for a new one.
            </p>
          </>
        ) : (
          <ErrorState
            what="Couldn't load the invitation"
            error={preview.error}
            onRetry={preview.refetch}
            className="p-0"
          />
        )}
      </AuthLayout>
    );
  }
  if (needsCode) return <CodeForm onBack={() => setNeedsCode(false)} onSignedIn={acceptSignedIn} />;
  const { project_name, role, email } = preview.data;
  return (
    <AuthLayout
      title={`Join ${project_name}`}
      description={
        <>
          You've been invited as <strong className="font-medium text-foreground">{role}</strong> with {email}.
        </>
      }
    >
      <AcceptForm
        token={token}
        preview={preview.data}
        isSignedInAs={session?.user.email === email}
        onCodeNeeded={() => setNeedsCode(true)}
      />
    </AuthLayout>
  );
}

/** Whether the server refused the link itself. All other errors are temporary. */
function isLinkRefused(error: unknown): boolean {
  return error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429;
}

type AcceptFormProps = {
  token: string;
  preview: InvitationPreview;
  isSignedInAs: boolean;
  onCodeNeeded: () => void;
};

function AcceptForm({ token, preview, isSignedInAs, onCodeNeeded }: AcceptFormProps) {
  const [account, setAccount] = useState<NewAccount>({ name: '', email: preview.email, password: '' });
  const [wasSubmitted, setSubmitted] = useState(false);
  const openDashboard = useOpenDashboard();
  const isNew = !preview.has_account;
  const accept = async () => {
    setSubmitted(true);
    const { name, password } = account;
    if (isNew && findPasswordError(password) !== undefined) return;
    const body = isSignedInAs ? { token } : isNew ? { token, name, password } : { token, password };
    const answer = await acceptInvitation(body);
    if ('totp_required' in answer) onCodeNeeded();
    else openDashboard(answer);
  };
  return (
    <AuthForm
      submitLabel={`Join ${preview.project_name}`}
      failure="Couldn't accept the invitation"
      onSubmit={accept}
    >
      {(error) =>
        isNew ? (
          <NewAccountFields
            account={account}
            onChange={setAccount}
            isEmailFixed
            wasSubmitted={wasSubmitted}
            error={error}
          />
        ) : (
          !isSignedInAs && (
            <PasswordField
              autoFocus
              label="Your password"
              hint="This email address already has an account."
              value={account.password}
              onChange={(password) => setAccount({ ...account, password })}
            />
          )
        )
      }
    </AuthForm>
  );
}
