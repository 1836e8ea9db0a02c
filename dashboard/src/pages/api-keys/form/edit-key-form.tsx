import { type FormEvent, useState } from 'react';
import { toast } from 'sonner';
import type { ApiKey } from '../../../api/answers.ts';
import { useKeyActions } from '../../../api/keys.ts';
import { errorMessage, Problem } from '../../../api/problem.ts';
import { useProjectSettings } from '../../../api/project.ts';
import { isCanceled } from '../../../api/step-up.ts';
import { Button } from '../../../components/ui/button.tsx';
import { Callout } from '../../../components/ui/callout.tsx';
import { findDraftErrors, type KeyDraft, toDraft, toKeyChange } from './key-draft.ts';
import { rebaseDraft } from './key-draft-rebase.ts';
import { KeyFields } from './key-fields.tsx';

/**
 * A draft of changes to `base`. `conflict` is set after someone else changed the key. Until it is resolved, `from` is the
 * key before their change.
 */
type Edit = {
  base: ApiKey;
  from: KeyDraft;
  draft: KeyDraft;
  conflict: { withTheirs: KeyDraft | undefined } | undefined;
};

const beginEdit = (base: ApiKey, draft = toDraft(base)): Edit => ({
  base,
  from: toDraft(base),
  draft,
  conflict: undefined,
});

/** Returns the edit after someone else changed the key to `apiKey`. */
function mergeNewVersion({ base, from, draft, conflict }: Edit, apiKey: ApiKey): Edit {
  const isEdited = Object.keys(toKeyChange(base, draft, Date.now())).length > 0;
  if (!isEdited) return beginEdit(apiKey);
  // An unresolved conflict stays, even if the key changes again.
  const before = conflict?.withTheirs ? from : toDraft(base);
  const rebased = rebaseDraft(before, draft, toDraft(apiKey));
  return { base: apiKey, from: before, draft: rebased.draft, conflict: { withTheirs: rebased.withTheirs } };
}

/** Edits a key. Only changed fields are sent. If someone else saved first, the edits stay and the form says so. */
export function EditKeyForm({ apiKey }: { apiKey: ApiKey }) {
  const [edit, setEdit] = useState(() => beginEdit(apiKey));
  const [wasSubmitted, setSubmitted] = useState(false);
  const { update } = useKeyActions();
  const { data: settings } = useProjectSettings();
  if (apiKey.etag !== edit.base.etag && !update.isPending) setEdit(mergeNewVersion(edit, apiKey));
  const { base, draft, conflict } = edit;
  const now = Date.now();
  const errors = findDraftErrors(draft, now);
  const body = toKeyChange(base, draft, now);
  const hasChanges = Object.keys(body).length > 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setSubmitted(true);
    if (Object.keys(errors).length > 0 || update.isPending) return;
    const onSuccess = (saved: ApiKey) => {
      setSubmitted(false);
      // Edits made since it was sent are still unsaved.
      setEdit(({ draft: current }) => beginEdit(saved, rebaseDraft(draft, current, toDraft(saved)).draft));
      toast.success('Saved. Applies from the next request.');
    };
    update.mutate({ key: base, body }, { onSuccess });
  };
  const discard = () => {
    setSubmitted(false);
    setEdit(beginEdit(base));
  };
  return (
    <form onSubmit={submit} className="grid gap-5" noValidate>
      <KeyFields
        draft={draft}
        maxDays={settings?.max_key_lifetime_days ?? null}
        onChange={(changed) => setEdit({ ...edit, draft: changed })}
        errors={wasSubmitted ? errors : {}}
        error={update.error}
      />
      {conflict && (
        <ConflictNotice
          {...conflict}
          onResolve={(settled = draft) => {
            update.reset();
            setEdit(beginEdit(base, settled));
          }}
        />
      )}
      {!(conflict && isConflict(update.error)) && <Failure error={update.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={discard} disabled={!hasChanges}>
          Discard
        </Button>
        <Button type="submit" variant="primary" disabled={!hasChanges} isBusy={update.isPending}>
          Save changes
        </Button>
      </div>
    </form>
  );
}

type ConflictNoticeProps = { withTheirs: KeyDraft | undefined; onResolve: (draft?: KeyDraft) => void };

function ConflictNotice({ withTheirs, onResolve }: ConflictNoticeProps) {
  if (!withTheirs) {
    return (
      <Callout tone="warn" isAlert title="Someone else edited this key">
        Your edits are kept; everything else shows their version. Review the key, then save.
      </Callout>
    );
  }
  return (
    <Callout
      tone="warn"
      isAlert
      title="Someone else edited these fields"
      actions={
        <>
          <Button size="sm" onClick={() => onResolve()}>
            Keep mine
          </Button>
          <Button size="sm" onClick={() => onResolve(withTheirs)}>
            Use theirs
          </Button>
        </>
      }
    >
      Your edits are kept; everything else shows their version.
    </Callout>
  );
}

/** Whether the server refused because someone else saved first. Once their version is loaded, `ConflictNotice` shows it. */
const isConflict = (error: unknown) => error instanceof Problem && error.code === 'precondition_failed';

function Failure({ error }: { error: unknown }) {
  if (!error || isCanceled(error)) return null;
  return (
    <Callout tone="bad" isAlert title="Couldn't save the key">
      {errorMessage(error)}
    </Callout>
  );
}
