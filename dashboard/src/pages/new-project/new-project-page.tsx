import { useState } from 'react';
import { useSession } from '../../api/session.ts';
import { Page } from '../../components/page.tsx';
import { hasOpenedProject } from '../../shell/home.ts';
import type { Created } from './create-project.ts';
import { FirstEvent } from './first-event.tsx';
import { ProjectForm } from './project-form.tsx';

/** Creates a project with its first app and key, then waits for the first event. */
export function NewProjectPage() {
  const { projects } = useSession();
  // As of when the page was opened: the new project is in the session as soon as it exists.
  const [heading] = useState(() => headingFor(projects.length));
  const [created, setCreated] = useState<Created>();
  return (
    <main className="mx-auto max-w-3xl">
      {created ? (
        <Page
          isNarrow
          title="Send your first event"
          docs="/docs/snippets"
          description={`${created.app.name} is ready to receive events.`}
        >
          <FirstEvent created={created} />
        </Page>
      ) : (
        <Page isNarrow {...heading}>
          <ProjectForm onCreated={setCreated} />
        </Page>
      )}
    </main>
  );
}

const NEXT = "You'll get an API key and send your first event in the next step.";

function headingFor(projectCount: number): { title: string; description: string } {
  if (projectCount > 0)
    return { title: 'Create a project', description: `Projects are fully isolated. ${NEXT}` };
  if (!hasOpenedProject())
    return {
      title: 'Create your first project',
      description: `${NEXT} Joining a team instead? Ask for an invitation link.`,
    };
  return {
    title: "You're not in any project",
    description:
      'You left or were removed from your last project, or it was deleted. Create a new one here, or ask for an invitation link to an existing one.',
  };
}
