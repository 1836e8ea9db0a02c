import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { NAME_RULES } from '../../../src/directory/field-rules.ts';
import { fieldError } from '../api/problem.ts';
import { createProject } from '../api/project.ts';
import { sessionQuery } from '../api/session.ts';
import { FormDialog } from '../components/form-dialog.tsx';
import { Field } from '../components/ui/field.tsx';
import { Input } from '../components/ui/input.tsx';

/** Creates a project, owned by the person, and opens its apps page: an app is the first thing it needs. */
export function NewProjectDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const client = useQueryClient();
  const navigate = useNavigate();
  const create = async () => {
    const { id } = await createProject(name);
    // Project pages are shown only to members: the session must include the new project first.
    await client.fetchQuery({ ...sessionQuery, staleTime: 0 });
    onClose();
    const params = { projectId: id };
    await navigate({ to: '/p/$projectId/apps', params, search: {}, ignoreBlocker: true });
  };
  return (
    <FormDialog
      title="New project"
      description="A project has its own apps, keys, members and events. Nothing crosses projects."
      action={{ subject: 'The project', done: 'created', isRepeatable: false }}
      submitLabel="Create project"
      onSubmit={create}
      onClose={onClose}
    >
      {(error) => (
        <Field label="Name" error={fieldError(error, 'name')}>
          {(control) => (
            <Input
              {...control}
              required
              autoFocus
              maxLength={NAME_RULES.maxLength}
              placeholder="My product"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
      )}
    </FormDialog>
  );
}
