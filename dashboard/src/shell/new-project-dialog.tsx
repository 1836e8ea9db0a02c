import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { api } from '../api/http.ts';
import { sentenceOf } from '../api/problem.ts';
import { sessionQuery } from '../api/session.ts';
import { Button } from '../components/ui/button.tsx';
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from '../components/ui/dialog.tsx';
import { Field } from '../components/ui/field.tsx';
import { Input } from '../components/ui/input.tsx';

type NewProjectDialogProps = { isOpen: boolean; onClose: () => void };

/** Makes a project, which the person then owns, and opens its apps: the first thing it needs is one. */
export function NewProjectDialog({ isOpen, onClose }: NewProjectDialogProps) {
  return (
    <Dialog open={isOpen} onOpenChange={(open) => !open && onClose()}>
      {isOpen && (
        <DialogContent
          title="New project"
          description="A project has its own apps, keys, members and events. Nothing crosses projects."
          className="max-w-md"
        >
          <NewProjectForm onMade={onClose} />
        </DialogContent>
      )}
    </Dialog>
  );
}

function NewProjectForm({ onMade }: { onMade: () => void }) {
  const [name, setName] = useState('');
  const client = useQueryClient();
  const navigate = useNavigate();
  const creation = useMutation({
    mutationFn: () => api<{ id: string }>('POST', '/app/v1/projects', { body: { name } }),
    onSuccess: async ({ id }) => {
      // The pages of a project are shown only to its members: the session must know it first.
      await client.fetchQuery({ ...sessionQuery, staleTime: 0 });
      onMade();
      await navigate({ to: '/p/$projectId/apps', params: { projectId: id }, search: {} });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    creation.mutate();
  };
  return (
    <form onSubmit={submit} className="contents">
      <DialogBody>
        <Field label="Name" mistake={creation.error ? sentenceOf(creation.error) : undefined}>
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
      </DialogBody>
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <Button type="submit" variant="primary" isBusy={creation.isPending}>
          Create project
        </Button>
      </DialogFooter>
    </form>
  );
}
