import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Bookmark, BookmarkPlus, Pencil, Save, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { NAME_RULES } from '../../../../src/directory/field-rules.ts';
import type { Funnel, FunnelDefinition, NewFunnel } from '../../api/answers.ts';
import { makeAttempts } from '../../api/attempts.ts';
import { createFunnel, deleteFunnel, funnelsQuery, refreshFunnels, updateFunnel } from '../../api/funnels.ts';
import { errorMessage, fieldError } from '../../api/problem.ts';
import { useProject } from '../../api/project.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Input } from '../../components/ui/input.tsx';
import {
  Menu,
  MenuContent,
  MenuItem,
  MenuLabel,
  MenuSeparator,
  MenuTrigger,
} from '../../components/ui/menu.tsx';
import { renderFilters } from '../../lib/analytics-filters.ts';
import { isSameFunnel, splitFilters } from './funnel-draft.ts';

type SavedFunnelsProps = {
  /** What the page shows, with its filters. */
  definition: FunnelDefinition | undefined;
  savedId: string | undefined;
};

/** The saved funnels: opens one, saves what the page shows now, updates, renames or deletes the open one. */
export function SavedFunnels({ definition, savedId }: SavedFunnelsProps) {
  const { project, can } = useProject();
  const navigate = useNavigate();
  const { data: funnels = [], error } = useQuery(funnelsQuery(project.id));
  const [dialog, setDialog] = useState<'save' | 'rename'>();
  const remove = useRemove();
  const update = useUpdate();
  const canSave = can('apps:write');
  const current = funnels.find(({ id }) => id === savedId);
  const isEdited = current && definition && !isSameFunnel(current.definition, definition);
  const open = ({ id, definition: saved }: Funnel) => {
    const { definition: shown, filters } = splitFilters(saved);
    void navigate({
      to: '.',
      search: (previous) => ({
        ...previous,
        ...{ funnel: JSON.stringify(shown), filter: renderFilters(filters), saved: id },
      }),
    });
  };
  return (
    <>
      <Menu>
        <MenuTrigger asChild>
          <Button>
            <Bookmark aria-hidden />
            <bdi className="max-w-40 truncate">{current?.name ?? 'Saved funnels'}</bdi>
            {isEdited && <span className="text-soft">(edited)</span>}
          </Button>
        </MenuTrigger>
        <MenuContent align="end" className="max-w-80">
          <MenuLabel>Saved funnels</MenuLabel>
          {funnels.length === 0 && (
            <p className="px-2.5 pb-1.5 text-note text-soft">{error ? errorMessage(error) : 'None yet'}</p>
          )}
          {funnels.map((funnel) => (
            <MenuItem key={funnel.id} onSelect={() => open(funnel)}>
              <bdi className="truncate">{funnel.name}</bdi>
            </MenuItem>
          ))}
          {canSave && <MenuSeparator />}
          {canSave && isEdited && (
            <MenuItem onSelect={() => update.mutate({ funnel: current, definition })}>
              <Save aria-hidden />
              <span className="truncate">
                Update <bdi>{current.name}</bdi>
              </span>
            </MenuItem>
          )}
          {canSave && definition && (
            <MenuItem onSelect={() => setDialog('save')}>
              <BookmarkPlus aria-hidden />
              Save this funnel
            </MenuItem>
          )}
          {canSave && current && (
            <>
              <MenuItem onSelect={() => setDialog('rename')}>
                <Pencil aria-hidden />
                Rename
              </MenuItem>
              <MenuItem onSelect={() => remove.mutate(current)}>
                <Trash2 aria-hidden />
                Delete
              </MenuItem>
            </>
          )}
        </MenuContent>
      </Menu>
      {dialog === 'save' && definition && (
        <NameDialog definition={definition} onClose={() => setDialog(undefined)} />
      )}
      {dialog === 'rename' && current && (
        <NameDialog funnel={current} definition={current.definition} onClose={() => setDialog(undefined)} />
      )}
    </>
  );
}

/** Saves what the page shows under the name of the open funnel, and offers to put back what was saved. */
function useUpdate() {
  const { project } = useProject();
  const client = useQueryClient();
  const change = {
    mutationFn: ({ funnel, definition }: { funnel: Funnel; definition: FunnelDefinition }) =>
      updateFunnel(project.id, funnel.id, { definition }),
    onError: (error: unknown) => toast.error(errorMessage(error)),
    onSettled: () => refreshFunnels(client, project.id),
  };
  const restore = useMutation({
    ...change,
    onSuccess: ({ name }) => toast.success(`Restored ${name}`),
  });
  return useMutation({
    ...change,
    onSuccess: ({ name }, { funnel }) =>
      toast.success(`Updated ${name}`, {
        action: { label: 'Undo', onClick: () => restore.mutate({ funnel, definition: funnel.definition }) },
      }),
  });
}

/** Deletes a funnel, and offers to save it again. */
function useRemove() {
  const { project } = useProject();
  const client = useQueryClient();
  const onError = (error: unknown) => toast.error(errorMessage(error));
  const onSettled = () => refreshFunnels(client, project.id);
  const restore = useMutation({
    mutationFn: ({ name, definition }: Funnel) =>
      createFunnel(project.id, makeAttempts((body: NewFunnel) => body)({ name, definition })),
    onSuccess: ({ name }) => toast.success(`Saved ${name} again`),
    onError,
    onSettled,
  });
  return useMutation({
    mutationFn: (funnel: Funnel) => deleteFunnel(project.id, funnel.id),
    onSuccess: (funnel) =>
      toast.success(`Deleted ${funnel.name}`, {
        action: { label: 'Undo', onClick: () => restore.mutate(funnel) },
      }),
    onError,
    onSettled,
  });
}

type NameDialogProps = { funnel?: Funnel; definition: FunnelDefinition; onClose: () => void };

function NameDialog({ funnel, definition, onClose }: NameDialogProps) {
  const { project } = useProject();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [draft, setDraft] = useState({ name: funnel?.name ?? '' });
  const [toAttempt] = useState(() =>
    makeAttempts(({ name }: { name: string }): NewFunnel => ({ name: name.trim(), definition })),
  );
  const save = async () => {
    const saved = funnel
      ? await updateFunnel(project.id, funnel.id, { name: draft.name.trim() })
      : await createFunnel(project.id, toAttempt(draft));
    toast.success(`Saved ${saved.name}`);
    onClose();
    await refreshFunnels(client, project.id);
    await navigate({ to: '.', search: (previous) => ({ ...previous, saved: saved.id }) });
  };
  return (
    <FormDialog
      title={funnel ? 'Rename funnel' : 'Save this funnel'}
      description="Saved funnels are for everyone in this project."
      action={{ subject: 'The funnel', done: 'saved', isRepeatable: true }}
      submitLabel={funnel ? 'Rename' : 'Save funnel'}
      onSubmit={save}
      onClose={onClose}
    >
      {(error) => (
        <Field label="Name" error={fieldError(error, 'name')}>
          {(control) => (
            <Input
              {...control}
              autoFocus
              required
              maxLength={NAME_RULES.maxLength}
              autoComplete="off"
              placeholder="From onboarding to purchase"
              value={draft.name}
              onChange={({ target }) => setDraft({ name: target.value })}
            />
          )}
        </Field>
      )}
    </FormDialog>
  );
}
