import { type FormEvent, useState } from 'react';
import { toast } from 'sonner';
import type { ApiKey } from '../../api/answers.ts';
import { Problem, sentenceOf } from '../../api/problem.ts';
import { isCancelled } from '../../api/step-up.ts';
import { Button } from '../../components/ui/button.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { changeBody, draftOf, findDraftMistakes } from './key-draft.ts';
import { KeyFields } from './key-fields.tsx';
import { useKeyActions, useProjectSettings } from './keys-api.ts';

/** Changes a key. Only what differs is sent; if someone else was faster, the form says so and shows theirs. */
export function EditKeyForm({ subject }: { subject: ApiKey }) {
  const [draft, setDraft] = useState(() => draftOf(subject));
  const { update } = useKeyActions();
  const { data: settings } = useProjectSettings();
  const now = Date.now();
  const mistakes = findDraftMistakes(draft, now);
  const body = changeBody(subject, draft, now);
  const hasChanges = Object.keys(body).length > 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (Object.keys(mistakes).length > 0) return;
    update.mutate(
      { key: subject, body },
      {
        onSuccess: () => toast.success('Saved. It holds from the next request on.'),
        onError: (error) => {
          const isLate = error instanceof Problem && error.code === 'precondition_failed';
          if (isLate)
            toast.error('Someone else changed this key. Their version is shown now; change it again.');
        },
      },
    );
  };
  return (
    <form onSubmit={submit} className="grid gap-5" noValidate>
      <KeyFields
        draft={draft}
        maxDays={settings?.max_key_lifetime_days ?? null}
        onChange={setDraft}
        mistakes={mistakes}
        error={update.error}
      />
      {update.error && !isCancelled(update.error) && (
        <Callout tone="bad" isAlert title="The key was not changed">
          {sentenceOf(update.error)}
        </Callout>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={() => setDraft(draftOf(subject))} disabled={!hasChanges}>
          Discard
        </Button>
        <Button type="submit" variant="primary" disabled={!hasChanges} isBusy={update.isPending}>
          Save changes
        </Button>
      </div>
    </form>
  );
}
