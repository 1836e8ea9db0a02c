import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Role, Session } from '../../api/answers.ts';
import { api } from '../../api/http.ts';
import { Problem } from '../../api/problem.ts';
import { isProbablySignedIn, sessionQuery } from '../../api/session.ts';
import { PasswordField } from '../../components/password-field.tsx';
import { ErrorState } from '../../components/states.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { findPasswordMistake } from '../../lib/password-rules.ts';
import { useEnter } from './enter.ts';
import { Entrance } from './entrance.tsx';
import { EntranceForm } from './entrance-form.tsx';
import { useLinkToken } from './link-token.ts';
import { type NewAccount, NewAccountFields } from './new-account-fields.tsx';

type Look = { project_name: string; role: Role; email: string; has_account: boolean };

/** An invitation to a project: with a new account, or into the one that the address has already. */
export function InvitePage() {
  const token = useLinkToken();
  const look = useQuery({
    queryKey: ['invitation', token],
    queryFn: () => api<Look>('POST', '/app/v1/invitations/look', { body: { token } }),
    retry: false,
    gcTime: 0,
  });
  const { data: session } = useQuery({ ...sessionQuery, enabled: isProbablySignedIn() });
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
      <AcceptForm token={token} look={look.data} isSignedInAs={session?.user.email === email} />
    </Entrance>
  );
}

/** Whether the server judged the link itself; all else may pass. */
function isRefusal(error: unknown): boolean {
  return error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429;
}

type AcceptFormProps = { token: string; look: Look; isSignedInAs: boolean };

function AcceptForm({ token, look, isSignedInAs }: AcceptFormProps) {
  const [account, setAccount] = useState<NewAccount>({ name: '', email: look.email, password: '' });
  const [wasTried, setTried] = useState(false);
  const enter = useEnter();
  const isNew = !look.has_account;
  const accept = async () => {
    setTried(true);
    const { name, password } = account;
    if (isNew && findPasswordMistake(password) !== undefined) return;
    const body = isSignedInAs ? { token } : isNew ? { token, name, password } : { token, password };
    enter(await api<Session>('POST', '/app/v1/invitations/accept', { body }));
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
