import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { NAME_RULES } from '../../../../src/directory/field-rules.ts';
import { errorMessage, fieldError, isUnanswered } from '../../api/problem.ts';
import { sessionQuery } from '../../api/session.ts';
import { PlatformField } from '../../components/platform.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { Card } from '../../components/ui/card.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Input } from '../../components/ui/input.tsx';
import { TimezonePicker } from '../../components/ui/timezone-picker.tsx';
import { useSubmission } from '../../components/use-submission.ts';
import { browserZone } from '../../lib/time-zones.ts';
import { type Created, createProjectCreator, type ProjectDraft } from './create-project.ts';

/** Name of the project, and name, platform and time zone of its first app. */
export function ProjectForm({ onCreated }: { onCreated: (created: Created) => void }) {
  const [draft, setDraft] = useState<ProjectDraft>(() => ({
    projectName: '',
    name: '',
    platform: 'ios',
    timezone: browserZone(),
  }));
  const [creator] = useState(createProjectCreator);
  const client = useQueryClient();
  const { submit, isBusy, error } = useSubmission(async () => {
    const created = await creator.create(draft);
    // Project pages are shown only to members: the session must include the new project first.
    await client.fetchQuery({ ...sessionQuery, staleTime: 0 });
    onCreated(created);
  });
  return (
    <Card className="p-5 sm:p-6">
      <form onSubmit={submit} className="grid gap-5">
        <Fields
          draft={draft}
          change={(part) => setDraft({ ...draft, ...part })}
          error={error}
          creator={creator}
        />
        {error !== undefined && <Failure error={error} hasProject={creator.hasProject()} />}
        <Button type="submit" variant="primary" isBusy={isBusy} className="justify-self-start">
          Create project
        </Button>
      </form>
    </Card>
  );
}

type FieldsProps = {
  draft: ProjectDraft;
  change: (part: Partial<ProjectDraft>) => void;
  error: unknown;
  creator: ReturnType<typeof createProjectCreator>;
};

function Fields({ draft, change, error, creator }: FieldsProps) {
  const hasProject = creator.hasProject();
  const nameError = fieldError(error, 'name');
  return (
    <>
      <Field label="Project name" hint="Your product or team." error={hasProject ? undefined : nameError}>
        {(control) => (
          <Input
            {...control}
            required
            autoFocus
            readOnly={hasProject}
            maxLength={NAME_RULES.maxLength}
            placeholder="Acme"
            value={draft.projectName}
            onChange={({ target }) => change({ projectName: target.value })}
          />
        )}
      </Field>
      <div className="grid items-start gap-5 sm:grid-cols-[minmax(0,1fr)_10rem]">
        <Field
          label="App name"
          hint="You can add more apps later."
          error={hasProject ? nameError : undefined}
        >
          {(control) => (
            <Input
              {...control}
              required
              maxLength={NAME_RULES.maxLength}
              placeholder="Acme iOS"
              value={draft.name}
              onChange={({ target }) => change({ name: target.value })}
            />
          )}
        </Field>
        <PlatformField value={draft.platform} onChange={(platform) => change({ platform })} />
      </div>
      <Field label="Time zone" hint="Used for daily totals." error={fieldError(error, 'timezone')}>
        {(control) => (
          <TimezonePicker {...control} value={draft.timezone} onChange={(timezone) => change({ timezone })} />
        )}
      </Field>
    </>
  );
}

function Failure({ error, hasProject }: { error: unknown; hasProject: boolean }) {
  if (!isUnanswered(error)) {
    return (
      <Callout
        tone="bad"
        isAlert
        title={hasProject ? "Couldn't finish setting up the project" : "Couldn't create the project"}
      >
        {errorMessage(error)}
      </Callout>
    );
  }
  return (
    <Callout tone="warn" isAlert title="The server didn't respond">
      {hasProject
        ? "It's safe to retry."
        : 'The project may have been created. Reload the page to check before you retry.'}
    </Callout>
  );
}
