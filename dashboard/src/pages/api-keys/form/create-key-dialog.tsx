import { ArrowLeft } from 'lucide-react';
import { useState } from 'react';
import { KEY_TYPES } from '../../../../../src/directory/scopes.ts';
import type { KeyType, KeyWithSecret } from '../../../api/answers.ts';
import { makeAttempts } from '../../../api/attempts.ts';
import { useKeyActions } from '../../../api/keys.ts';
import { useProjectSettings } from '../../../api/project.ts';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Button } from '../../../components/ui/button.tsx';
import { Dialog, DialogBody, DialogContent } from '../../../components/ui/dialog.tsx';
import { TypeBadge, TypeIcon } from '../key/key-badges.tsx';
import { KEY_TYPE_LABELS } from '../key/key-labels.ts';
import { findDraftErrors, type KeyDraft, newDraft, toNewKey } from './key-draft.ts';
import { KeyFields } from './key-fields.tsx';

type CreateKeyDialogProps = { onClose: () => void; onSecret: (apiKey: KeyWithSecret) => void };

/** Creates a key. First asks where it will be used: that determines its type and most defaults. */
export function CreateKeyDialog({ onClose, onSecret }: CreateKeyDialogProps) {
  const [draft, setDraft] = useState<KeyDraft>();
  const { data: settings } = useProjectSettings();
  const maxDays = settings?.max_key_lifetime_days ?? null;
  if (!draft)
    return <KeyTypeDialog onClose={onClose} onChoose={(type) => setDraft(newDraft(type, maxDays))} />;
  return (
    <DetailsDialog
      draft={draft}
      maxDays={maxDays}
      onChange={setDraft}
      onBack={() => setDraft(undefined)}
      onClose={onClose}
      onSecret={onSecret}
    />
  );
}

type KeyTypeDialogProps = { onClose: () => void; onChoose: (type: KeyType) => void };

function KeyTypeDialog({ onClose, onChoose }: KeyTypeDialogProps) {
  return (
    <Dialog open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <DialogContent
        title="Where will this key live?"
        description="This determines what it can do."
        className="max-w-xl"
      >
        <DialogBody className="grid gap-2.5">
          {KEY_TYPES.map((type) => (
            <KeyTypeButton key={type} type={type} onChoose={() => onChoose(type)} />
          ))}
        </DialogBody>
      </DialogContent>
    </Dialog>
  );
}

function KeyTypeButton({ type, onChoose }: { type: KeyType; onChoose: () => void }) {
  const { location, examples, consequence } = KEY_TYPE_LABELS[type];
  return (
    <button
      type="button"
      onClick={onChoose}
      className="flex items-start gap-4 rounded-xl border bg-surface p-4 text-left shadow-card transition-colors hover:border-ring hover:bg-hover/40"
    >
      <span className="grid size-10 shrink-0 place-items-center rounded-lg bg-info-soft text-link">
        <TypeIcon type={type} className="size-5" />
      </span>
      <span className="min-w-0">
        <span className="flex flex-wrap items-center gap-2 font-medium">
          {location}
          <TypeBadge type={type} />
        </span>
        <span className="block text-note text-soft">{examples}</span>
        <span className="mt-1 block text-note">{consequence}</span>
      </span>
    </button>
  );
}

type DetailsDialogProps = CreateKeyDialogProps & {
  draft: KeyDraft;
  maxDays: number | null;
  onChange: (draft: KeyDraft) => void;
  onBack: () => void;
};

function DetailsDialog({ draft, maxDays, onChange, onBack, onClose, onSecret }: DetailsDialogProps) {
  const [wasSubmitted, setSubmitted] = useState(false);
  const { create } = useKeyActions();
  const [toAttempt] = useState(() => makeAttempts((submitted: KeyDraft) => toNewKey(submitted, Date.now())));
  const errors = findDraftErrors(draft, Date.now());
  const submit = async () => {
    setSubmitted(true);
    if (Object.keys(errors).length === 0) onSecret(await create.mutateAsync(toAttempt(draft)));
  };
  return (
    <FormDialog
      title={`New ${KEY_TYPE_LABELS[draft.type].name.toLowerCase()} key`}
      description={KEY_TYPE_LABELS[draft.type].consequence}
      className="max-w-xl"
      action={{ subject: 'The key', done: 'created', isRepeatable: true }}
      submitLabel="Create key"
      validatesItself
      aside={(isBusy) => (
        <Button variant="ghost" onClick={onBack} disabled={isBusy}>
          <ArrowLeft aria-hidden />
          Back
        </Button>
      )}
      onSubmit={submit}
      onClose={onClose}
    >
      {(error) => (
        <KeyFields
          draft={draft}
          maxDays={maxDays}
          onChange={onChange}
          errors={wasSubmitted ? errors : {}}
          error={error}
        />
      )}
    </FormDialog>
  );
}
