import { Link } from '@tanstack/react-router';
import { ArrowLeft, Plus } from 'lucide-react';
import { useSession } from '../../api/session.ts';
import { Page } from '../../components/page.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { findHome } from '../../shell/home.ts';
import { DeletedProjectsCard } from './deleted-projects-card.tsx';
import { PasswordCard } from './password-card.tsx';
import { ProfileCard } from './profile-card.tsx';
import { ProjectsCard } from './projects-card.tsx';
import { SessionsCard } from './sessions-card.tsx';
import { TotpCard } from './totp-card.tsx';

/** The person's account: name, email address, password, second factor, sessions. */
export function AccountPage() {
  const session = useSession();
  const home = findHome(session);
  return (
    <main>
      <Page
        isNarrow
        title="Account and security"
        docs="/docs/people#second-factor"
        description={`Signed in as ${session.user.email}.`}
        actions={
          home && (
            <Button asChild>
              <Link to="/p/$projectId/overview" params={{ projectId: home.id }}>
                <ArrowLeft aria-hidden />
                Back to {home.name}
              </Link>
            </Button>
          )
        }
      >
        {!home && <NoProject />}
        <ProfileCard />
        <PasswordCard />
        <TotpCard />
        <SessionsCard />
        <ProjectsCard />
        <DeletedProjectsCard />
      </Page>
    </main>
  );
}

/** Shown to people who are in no project. */
function NoProject() {
  return (
    <Callout
      title="You're not in any project yet"
      actions={
        <Button asChild variant="primary" size="sm">
          <Link to="/new-project">
            <Plus aria-hidden />
            New project
          </Link>
        </Button>
      }
    >
      Create one for your apps, or open an invitation link you received.
    </Callout>
  );
}
