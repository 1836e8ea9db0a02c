import { ArrowLeft } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import type { KeyType, MintedKey } from '../../api/answers.ts';
import { sentenceOf } from '../../api/problem.ts';
import { isCancelled } from '../../api/step-up.ts';
import { Button } from '../../components/ui/button.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { Dialog, DialogBody, DialogContent, DialogFooter } from '../../components/ui/dialog.tsx';
import { TypeBadge, TypeIcon } from './key-badges.tsx';
import { creationBody, findDraftMistakes, type KeyDraft, newDraft } from './key-draft.ts';
import { KeyFields } from './key-fields.tsx';
import { KEY_TYPE_ORDER, KEY_TYPES } from './key-labels.ts';
import { useKeyActions, useProjectSettings } from './keys-api.ts';

type CreateKeyDialogProps = { isOpen: boolean; onClose: () => void; onMinted: (minted: MintedKey) => void };

/** Makes a key, starting from where it will live: that decides its type, and most of the rest. */
export function CreateKeyDialog({ isOpen, onClose, onMinted }: CreateKeyDialogProps) {
  return (
    <Dialog open={isOpen} onOpenChange={(open) => !open && onClose()}>
      {isOpen && <Steps onClose={onClose} onMinted={onMinted} />}
    </Dialog>
  );
}

type StepsProps = Omit<CreateKeyDialogProps, 'isOpen'>;

function Steps({ onClose, onMinted }: StepsProps) {
  const [draft, setDraft] = useState<KeyDraft>();
  const { data: settings } = useProjectSettings();
  const maxDays = settings?.max_key_lifetime_days ?? null;
  if (!draft) {
    return (
      <DialogContent
        title="Where will this key live?"
        description="That decides what it may be allowed to do."
        className="max-w-xl"
      >
        <DialogBody className="grid gap-2.5">
          {KEY_TYPE_ORDER.map((type) => (
            <PlaceButton key={type} type={type} onChoose={() => setDraft(newDraft(type, maxDays))} />
          ))}
        </DialogBody>
      </DialogContent>
    );
  }
  return (
    <DialogContent
      title={`New ${KEY_TYPES[draft.type].name.toLowerCase()} key`}
      description={KEY_TYPES[draft.type].consequence}
      className="max-w-xl"
    >
      <DetailsForm
        draft={draft}
        maxDays={maxDays}
        onChange={setDraft}
        onBack={() => setDraft(undefined)}
        onMinted={(minted) => {
          onClose();
          onMinted(minted);
        }}
      />
    </DialogContent>
  );
}

function PlaceButton({ type, onChoose }: { type: KeyType; onChoose: () => void }) {
  const { place, examples, consequence } = KEY_TYPES[type];
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
        <span className="block text-[0.8125rem] text-soft">{examples}</span>
        <span className="mt-1 block text-[0.8125rem]">{consequence}</span>
      </span>
    </button>
  );
}

type DetailsFormProps = {
  draft: KeyDraft;
  maxDays: number | null;
  onChange: (draft: KeyDraft) => void;
  onBack: () => void;
  onMinted: (minted: MintedKey) => void;
};

function DetailsForm({ draft, maxDays, onChange, onBack, onMinted }: DetailsFormProps) {
  const [wasTried, setTried] = useState(false);
  const { create } = useKeyActions();
  const mistakes = findDraftMistakes(draft, Date.now());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(mistakes).length > 0) return;
    create.mutate(creationBody(draft, Date.now()), { onSuccess: onMinted });
  };
  return (
    <form onSubmit={submit} className="contents" noValidate>
      <DialogBody className="grid gap-5">
        <KeyFields
          draft={draft}
          maxDays={maxDays}
          onChange={onChange}
          mistakes={wasTried ? mistakes : {}}
          error={create.error}
        />
        {create.error && !isCancelled(create.error) && (
          <Callout tone="bad" isAlert title="The key was not created">
            {sentenceOf(create.error)}
          </Callout>
        )}
      </DialogBody>
      <DialogFooter className="justify-between">
        <Button variant="ghost" onClick={onBack}>
          <ArrowLeft aria-hidden />
          Back
        </Button>
        <Button type="submit" variant="primary" isBusy={create.isPending}>
          Create key
        </Button>
      </DialogFooter>
    </form>
  );
}
