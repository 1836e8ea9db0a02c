import { ArrowLeft } from 'lucide-react';
import { useState } from 'react';
import { KEY_TYPES } from '../../../../../src/directory/scopes.ts';
import type { KeyType, MintedKey } from '../../../api/answers.ts';
import { makeAttempts } from '../../../api/attempts.ts';
import { useKeyActions } from '../../../api/keys.ts';
import { useProjectSettings } from '../../../api/project.ts';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Button } from '../../../components/ui/button.tsx';
import { Dialog, DialogBody, DialogContent } from '../../../components/ui/dialog.tsx';
import { TypeBadge, TypeIcon } from '../key/key-badges.tsx';
import { KEY_TYPE_WORDS } from '../key/key-labels.ts';
import { creationBody, findDraftMistakes, type KeyDraft, newDraft } from './key-draft.ts';
import { KeyFields } from './key-fields.tsx';

type CreateKeyDialogProps = { onClose: () => void; onMinted: (minted: MintedKey) => void };

/** Makes a key, starting from where it will live: that decides its type, and most of the rest. */
export function CreateKeyDialog({ onClose, onMinted }: CreateKeyDialogProps) {
  const [draft, setDraft] = useState<KeyDraft>();
  const { data: settings } = useProjectSettings();
  const maxDays = settings?.max_key_lifetime_days ?? null;
  if (!draft) return <PlaceDialog onClose={onClose} onChoose={(type) => setDraft(newDraft(type, maxDays))} />;
  return (
    <DetailsDialog
      draft={draft}
      maxDays={maxDays}
      onChange={setDraft}
      onBack={() => setDraft(undefined)}
      onClose={onClose}
      onMinted={onMinted}
    />
  );
}

type PlaceDialogProps = { onClose: () => void; onChoose: (type: KeyType) => void };

function PlaceDialog({ onClose, onChoose }: PlaceDialogProps) {
  return (
    <Dialog open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <DialogContent
        title="Where will this key live?"
        description="That decides what it may be allowed to do."
        className="max-w-xl"
      >
        <DialogBody className="grid gap-2.5">
          {KEY_TYPES.map((type) => (
            <PlaceButton key={type} type={type} onChoose={() => onChoose(type)} />
          ))}
        </DialogBody>
      </DialogContent>
    </Dialog>
  );
}

function PlaceButton({ type, onChoose }: { type: KeyType; onChoose: () => void }) {
  const { place, examples, consequence } = KEY_TYPE_WORDS[type];
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
          {place}
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

function DetailsDialog({ draft, maxDays, onChange, onBack, onClose, onMinted }: DetailsDialogProps) {
  const [wasTried, setTried] = useState(false);
  const { create } = useKeyActions();
  const [attemptOf] = useState(() => makeAttempts((made: KeyDraft) => creationBody(made, Date.now())));
  const mistakes = findDraftMistakes(draft, Date.now());
  const submit = async () => {
    setTried(true);
    if (Object.keys(mistakes).length === 0) onMinted(await create.mutateAsync(attemptOf(draft)));
  };
  return (
    <FormDialog
      title={`New ${KEY_TYPE_WORDS[draft.type].name.toLowerCase()} key`}
      description={KEY_TYPE_WORDS[draft.type].consequence}
      className="max-w-xl"
      deed={{ subject: 'The key', done: 'created', isRepeatable: true }}
      submitLabel="Create key"
      checksItself
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
          mistakes={wasTried ? mistakes : {}}
          error={error}
        />
      )}
    </FormDialog>
  );
}
