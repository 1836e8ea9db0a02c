import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { InvitationPreview, Session } from '../../api/answers.ts';
import { Problem } from '../../api/problem.ts';
import { isProbablySignedIn, keepSession, sessionQuery } from '../../api/session.ts';
import { acceptInvitation, invitationQuery } from '../../api/sign-in.ts';
import { PasswordField } from '../../components/password-field.tsx';
import { ErrorState } from '../../components/states.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { findPasswordMistake } from '../../lib/password-rules.ts';
import { CodeForm } from './code-form.tsx';
import { useEnter } from './enter.ts';
import { Entrance } from './entrance.tsx';
import { EntranceForm } from './entrance-form.tsx';
import { useLinkToken } from './link-token.ts';
import { type NewAccount, NewAccountFields } from './new-account-fields.tsx';

/** An invitation to a project: with a new account, or into the one that the address has already. */
export function InvitePage() {
  const token = useLinkToken();
  const client = useQueryClient();
  const enter = useEnter();
  const [needsCode, setNeedsCode] = useState(false);
  const look = useQuery(invitationQuery(token));
  const { data: session } = useQuery({ ...sessionQuery, enabled: isProbablySignedIn() });
  // With a second factor the password alone accepts nothing: the session that the code started does.
  const acceptSignedIn = async (started: Session) => {
    keepSession(client, started);
    const answer = await acceptInvitation({ token });
    if (!('totp_required' in answer)) enter(answer);
  };
  if (look.isPending) {
    return (
      <Entrance title="Invitation">
        <Skeleton className="h-40" />
      </Entrance>
    );
  }
  if (look.isError) {
    return (
      <Entrance title="Invitation">
        {isRefusal(look.error) ? (
          <>
            <ErrorState what="This invitation cannot be used" error={look.error} className="p-0" />
            <p className="text-center text-soft text-xs">
              Links work once, for seven days. Ask for a new one.
            </p>
          </>
        ) : (
          <ErrorState
            what="The invitation could not be looked up"
            error={look.error}
            onRetry={look.refetch}
            className="p-0"
          />
        )}
      </Entrance>
    );
  }
  if (needsCode) return <CodeForm onBack={() => setNeedsCode(false)} onSignedIn={acceptSignedIn} />;
  const { project_name, role, email } = look.data;
  return (
    <Entrance
      title={`Join ${project_name}`}
      description={
        <>
          You are invited as <strong className="font-medium text-foreground">{role}</strong> with {email}.
        </>
      }
    >
      <AcceptForm
        token={token}
        look={look.data}
        isSignedInAs={session?.user.email === email}
        onCodeNeeded={() => setNeedsCode(true)}
      />
    </Entrance>
  );
}

/** Whether the server judged the link itself; all else may pass. */
function isRefusal(error: unknown): boolean {
  return error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429;
}

type AcceptFormProps = {
  token: string;
  look: InvitationPreview;
  isSignedInAs: boolean;
  onCodeNeeded: () => void;
};

function AcceptForm({ token, look, isSignedInAs, onCodeNeeded }: AcceptFormProps) {
  const [account, setAccount] = useState<NewAccount>({ name: '', email: look.email, password: '' });
  const [wasTried, setTried] = useState(false);
  const enter = useEnter();
  const isNew = !look.has_account;
  const accept = async () => {
    setTried(true);
    const { name, password } = account;
    if (isNew && findPasswordMistake(password) !== undefined) return;
    const body = isSignedInAs ? { token } : isNew ? { token, name, password } : { token, password };
    const answer = await acceptInvitation(body);
    if ('totp_required' in answer) onCodeNeeded();
    else enter(answer);
  };
  return (
    <EntranceForm
      submitLabel={`Join ${look.project_name}`}
      failure="The invitation was not accepted"
      onSubmit={accept}
    >
      {(error) =>
        isNew ? (
          <NewAccountFields
            account={account}
            onChange={setAccount}
            isEmailFixed
            wasTried={wasTried}
            error={error}
          />
        ) : (
          !isSignedInAs && (
            <PasswordField
              autoFocus
              label="Your password"
              hint="This address has an account already."
              value={account.password}
              onChange={(password) => setAccount({ ...account, password })}
            />
          )
        )
      }
    </EntranceForm>
  );
}
