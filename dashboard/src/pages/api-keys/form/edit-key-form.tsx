import { type FormEvent, useState } from 'react';
import { toast } from 'sonner';
import type { ApiKey } from '../../../api/answers.ts';
import { useKeyActions } from '../../../api/keys.ts';
import { Problem, sentenceOf } from '../../../api/problem.ts';
import { useProjectSettings } from '../../../api/project.ts';
import { isCancelled } from '../../../api/step-up.ts';
import { Button } from '../../../components/ui/button.tsx';
import { Callout } from '../../../components/ui/callout.tsx';
import { changeBody, draftOf, findDraftMistakes, type KeyDraft } from './key-draft.ts';
import { rebaseDraft } from './key-draft-rebase.ts';
import { KeyFields } from './key-fields.tsx';

/**
 * A draft of changes to `base`, and what came between: see `Meanwhile`. `from` is the key as it was before that, until the
 * person has said whose change is to stay.
 */
type Edit = {
  base: ApiKey;
  from: KeyDraft;
  draft: KeyDraft;
  meanwhile: { withTheirs: KeyDraft | undefined } | undefined;
};

const beginEdit = (base: ApiKey, draft = draftOf(base)): Edit => ({
  base,
  from: draftOf(base),
  draft,
  meanwhile: undefined,
});

/** Returns the edit as it stands once the key has become `subject` by someone else's hand. */
function catchUp({ base, from, draft, meanwhile }: Edit, subject: ApiKey): Edit {
  const isTouched = Object.keys(changeBody(base, draft, Date.now())).length > 0;
  if (!isTouched) return beginEdit(subject);
  // A dispute that is not settled goes on, whatever else has changed since.
  const before = meanwhile?.withTheirs ? from : draftOf(base);
  const rebased = rebaseDraft(before, draft, draftOf(subject));
  return { base: subject, from: before, draft: rebased.draft, meanwhile: { withTheirs: rebased.withTheirs } };
}

/** Changes a key. Only what differs is sent; if someone else was faster, what was typed stays and the form says so. */
export function EditKeyForm({ subject }: { subject: ApiKey }) {
  const [edit, setEdit] = useState(() => beginEdit(subject));
  const { update } = useKeyActions();
  const { data: settings } = useProjectSettings();
  if (subject.etag !== edit.base.etag && !update.isPending) setEdit(catchUp(edit, subject));
  const { base, draft, meanwhile } = edit;
  const now = Date.now();
  const mistakes = findDraftMistakes(draft, now);
  const body = changeBody(base, draft, now);
  const hasChanges = Object.keys(body).length > 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (Object.keys(mistakes).length > 0 || update.isPending) return;
    const onSuccess = (saved: ApiKey) => {
      // What was typed since it was sent is still to be saved.
      setEdit(({ draft: present }) => beginEdit(saved, rebaseDraft(draft, present, draftOf(saved)).draft));
      toast.success('Saved. It holds from the next request on.');
    };
    update.mutate({ key: base, body }, { onSuccess });
  };
  return (
    <form onSubmit={submit} className="grid gap-5" noValidate>
      <KeyFields
        draft={draft}
        maxDays={settings?.max_key_lifetime_days ?? null}
        onChange={(changed) => setEdit({ ...edit, draft: changed })}
        mistakes={mistakes}
        error={update.error}
      />
      {meanwhile && (
        <Meanwhile
          {...meanwhile}
          onSettle={(settled = draft) => {
            update.reset();
            setEdit(beginEdit(base, settled));
          }}
        />
      )}
      {!(meanwhile && isLate(update.error)) && <Failure error={update.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={() => setEdit(beginEdit(base))} disabled={!hasChanges}>
          Discard
        </Button>
        <Button type="submit" variant="primary" disabled={!hasChanges} isBusy={update.isPending}>
          Save changes
        </Button>
      </div>
    </form>
  );
}

type MeanwhileProps = { withTheirs: KeyDraft | undefined; onSettle: (draft?: KeyDraft) => void };

function Meanwhile({ withTheirs, onSettle }: MeanwhileProps) {
  if (!withTheirs) {
    return (
      <Callout tone="warn" isAlert title="Someone else changed this key meanwhile">
        What you typed is still here; all else is as they left it. Look once more, then save.
      </Callout>
    );
  }
  return (
    <Callout
      tone="warn"
      isAlert
      title="Someone else changed the same meanwhile"
      actions={
        <>
          <Button size="sm" onClick={() => onSettle()}>
            Keep mine
          </Button>
          <Button size="sm" onClick={() => onSettle(withTheirs)}>
            Take theirs
          </Button>
        </>
      }
    >
      The form shows what you typed, and all else as they left it.
    </Callout>
  );
}

/** Whether the server refused because someone else was faster; once it is known what they did, `Meanwhile` tells it. */
const isLate = (error: unknown) => error instanceof Problem && error.code === 'precondition_failed';

function Failure({ error }: { error: unknown }) {
  if (!error || isCancelled(error)) return null;
  return (
    <Callout tone="bad" isAlert title="The key was not changed">
      {sentenceOf(error)}
    </Callout>
  );
}
