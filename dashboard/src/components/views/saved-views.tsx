import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useRouterState } from '@tanstack/react-router';
import { Bookmark, BookmarkPlus, Settings2 } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { NAME_RULES } from '../../../../src/directory/field-rules.ts';
import type { NewView, View } from '../../api/answers.ts';
import { makeAttempts } from '../../api/attempts.ts';
import { errorMessage, fieldError } from '../../api/problem.ts';
import { useProject } from '../../api/project.ts';
import { createView, refreshViews, viewsQuery } from '../../api/saved.ts';
import { FormDialog } from '../form-dialog.tsx';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Input } from '../ui/input.tsx';
import { Menu, MenuContent, MenuItem, MenuLabel, MenuSeparator, MenuTrigger } from '../ui/menu.tsx';
import { ManageViewsDialog } from './manage-views-dialog.tsx';

type SavedViewsProps = { page: View['page'] };

/** The saved views of a page: opens one, saves what the page shows now, or changes them. */
export function SavedViews({ page }: SavedViewsProps) {
  const { project, can } = useProject();
  const { data, error } = useQuery(viewsQuery(project.id));
  const [dialog, setDialog] = useState<'save' | 'manage'>();
  const navigate = useNavigate();
  const search = useCurrentSearch();
  const views = data?.filter((view) => view.page === page) ?? [];
  const canSave = can('apps:write');
  if (!canSave && views.length === 0) return null;
  const open = (view: View) =>
    void navigate({ href: `/p/${project.id}/${page}${view.search && `?${view.search}`}` });
  return (
    <>
      <Menu>
        <MenuTrigger asChild>
          <Button>
            <Bookmark aria-hidden />
            Views
          </Button>
        </MenuTrigger>
        <MenuContent align="end" className="max-w-80">
          <MenuLabel>Saved views</MenuLabel>
          {views.length === 0 && (
            <p className="px-2.5 pb-1.5 text-note text-soft">{error ? errorMessage(error) : 'None yet'}</p>
          )}
          {views.map((view) => (
            <MenuItem key={view.id} onSelect={() => open(view)}>
              <bdi className="truncate">{view.name}</bdi>
            </MenuItem>
          ))}
          {canSave && (
            <>
              <MenuSeparator />
              <MenuItem onSelect={() => setDialog('save')}>
                <BookmarkPlus aria-hidden />
                Save this view
              </MenuItem>
              {views.length > 0 && (
                <MenuItem onSelect={() => setDialog('manage')}>
                  <Settings2 aria-hidden />
                  Manage views
                </MenuItem>
              )}
            </>
          )}
        </MenuContent>
      </Menu>
      {dialog === 'save' && (
        <SaveViewDialog page={page} search={search} onClose={() => setDialog(undefined)} />
      )}
      {dialog === 'manage' && (
        <ManageViewsDialog views={views} search={search} onClose={() => setDialog(undefined)} />
      )}
    </>
  );
}

/** Returns the query of the page's URL without `?`, and without the open event. */
function useCurrentSearch(): string {
  const text = useRouterState({ select: ({ location }) => location.searchStr });
  const search = new URLSearchParams(text);
  search.delete('open');
  return search.toString();
}

type SaveViewDialogProps = SavedViewsProps & { search: string; onClose: () => void };

function SaveViewDialog({ page, search, onClose }: SaveViewDialogProps) {
  const { project } = useProject();
  const client = useQueryClient();
  const [draft, setDraft] = useState({ name: '' });
  const [toAttempt] = useState(() =>
    makeAttempts(({ name }: { name: string }): NewView => ({ page, name: name.trim(), search })),
  );
  const save = async () => {
    const { name } = await createView(project.id, toAttempt(draft));
    toast.success(`Saved ${name}`);
    onClose();
    await refreshViews(client, project.id);
  };
  return (
    <FormDialog
      title="Save this view"
      description="Keeps the app, the days and the filters for everyone in this project."
      action={{ subject: 'The view', done: 'saved', isRepeatable: true }}
      submitLabel="Save view"
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
              placeholder="Purchases in Germany"
              value={draft.name}
              onChange={({ target }) => setDraft({ name: target.value })}
            />
          )}
        </Field>
      )}
    </FormDialog>
  );
}
