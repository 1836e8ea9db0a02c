import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { mistakeIn } from '../api/problem.ts';
import { createProject } from '../api/project.ts';
import { sessionQuery } from '../api/session.ts';
import { FormDialog } from '../components/form-dialog.tsx';
import { Field } from '../components/ui/field.tsx';
import { Input } from '../components/ui/input.tsx';

/** Makes a project, which the person then owns, and opens its apps: the first thing it needs is one. */
export function NewProjectDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const client = useQueryClient();
  const navigate = useNavigate();
  const create = async () => {
    const { id } = await createProject(name);
    // The pages of a project are shown only to its members: the session must know it first.
    await client.fetchQuery({ ...sessionQuery, staleTime: 0 });
    onClose();
    const params = { projectId: id };
    await navigate({ to: '/p/$projectId/apps', params, search: {}, ignoreBlocker: true });
  };
  return (
    <FormDialog
      title="New project"
      description="A project has its own apps, keys, members and events. Nothing crosses projects."
      deed={{ subject: 'The project', done: 'created', isRepeatable: false }}
      submitLabel="Create project"
      onSubmit={create}
      onClose={onClose}
    >
      {(error) => (
        <Field label="Name" mistake={mistakeIn(error, 'name')}>
          {(control) => (
            <Input
              {...control}
              required
              autoFocus
              maxLength={100}
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
