import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { createFirstAccount, setupQuery } from '../../api/sign-in.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { Button } from '../../components/ui/button.tsx';
import { findPasswordMistake } from '../../lib/password-rules.ts';
import { useEnter } from './enter.ts';
import { Entrance } from './entrance.tsx';
import { EntranceForm } from './entrance-form.tsx';
import { useLinkToken } from './link-token.ts';
import { NeedsTls } from './needs-tls.tsx';
import { type NewAccount, NewAccountFields } from './new-account-fields.tsx';

/** The first account, by the link that the server printed. It owns every project that has no owner. */
export function SetupPage() {
  const token = useLinkToken();
  const { data: setup } = useQuery(setupQuery);
  if (setup && !setup.allows_sign_in) return <NeedsTls />;
  if (setup && !setup.needs_setup) {
    return (
      <Entrance
        title="Already set up"
        description="This installation has an account. Sign in, or ask for an invitation."
      >
        <Button asChild variant="primary">
          <Link to="/sign-in">Sign in</Link>
        </Button>
      </Entrance>
    );
  }
  if (token === '') {
    return (
      <Entrance
        title="The link is incomplete"
        description="Open the whole setup link, with the part after the #."
      >
        <p className="text-note text-soft">Each start prints a new one and voids the old:</p>
        <CodeBlock code="npm start" />
      </Entrance>
    );
  }
  return (
    <Entrance
      title="Set up Appflow"
      description="Make the first account. It owns this installation's projects and can invite others."
    >
      <SetupForm token={token} />
    </Entrance>
  );
}

function SetupForm({ token }: { token: string }) {
  const [account, setAccount] = useState<NewAccount>({ name: '', email: '', password: '' });
  const [wasTried, setTried] = useState(false);
  const enter = useEnter();
  const setUp = async () => {
    setTried(true);
    if (findPasswordMistake(account.password) !== undefined) return;
    enter(await createFirstAccount({ token, ...account }));
  };
  return (
    <EntranceForm submitLabel="Create account" failure="The account was not made" onSubmit={setUp}>
      {(error) => (
        <NewAccountFields account={account} onChange={setAccount} wasTried={wasTried} error={error} />
      )}
    </EntranceForm>
  );
}
