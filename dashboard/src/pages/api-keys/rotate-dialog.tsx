import { type FormEvent, useState } from 'react';
import type { ApiKey, KeyType, MintedKey } from '../../api/answers.ts';
import { sentenceOf } from '../../api/problem.ts';
import { isCancelled } from '../../api/step-up.ts';
import { Button } from '../../components/ui/button.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { Checkbox } from '../../components/ui/checkbox.tsx';
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from '../../components/ui/dialog.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Select } from '../../components/ui/select.tsx';
import { formatSpan } from '../../lib/format.ts';
import { useKeyActions } from './keys-api.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** How long the former secret may work on; app stores are slow, so client keys may take a year. */
const GRACES: Record<KeyType, readonly number[]> = {
  server: [0, HOUR, DAY, 3 * DAY, 7 * DAY],
  read_only: [0, HOUR, DAY, 3 * DAY, 7 * DAY],
  client: [0, DAY, 7 * DAY, 30 * DAY, 90 * DAY, 180 * DAY, 365 * DAY],
};
const GRACE_DEFAULT: Record<KeyType, number> = { server: DAY, read_only: DAY, client: 90 * DAY };

type RotateDialogProps = {
  subject: ApiKey | undefined;
  onClose: () => void;
  onMinted: (minted: MintedKey) => void;
};

/** Gives a key a new secret while the former one works on for a while. */
export function RotateDialog({ subject, onClose, onMinted }: RotateDialogProps) {
  return (
    <Dialog open={subject !== undefined} onOpenChange={(open) => !open && onClose()}>
      {subject && (
        <DialogContent
          title={`Rotate ${subject.name}`}
          description="Makes a new secret. Name, scopes, limits and history of the key stay."
          className="max-w-md"
        >
          <RotateForm subject={subject} onClose={onClose} onMinted={onMinted} />
        </DialogContent>
      )}
    </Dialog>
  );
}

function RotateForm({ subject, onClose, onMinted }: RotateDialogProps & { subject: ApiKey }) {
  const [grace, setGrace] = useState(GRACE_DEFAULT[subject.type]);
  const [fromFirstUse, setFromFirstUse] = useState(false);
  const { rotate } = useKeyActions();
  const isRotating = subject.secrets.length > 1;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const body = {
      grace_seconds: grace,
      ...(fromFirstUse && { grace_from: 'first_use' }),
      ...(isRotating && { force: true }),
    };
    rotate.mutate(
      { key: subject, body },
      {
        onSuccess: (minted) => {
          onClose();
          onMinted(minted);
        },
      },
    );
  };
  return (
    <form onSubmit={submit} className="contents">
      <DialogBody className="grid gap-4">
        {isRotating && (
          <Callout tone="warn" title="A rotation is running">
            Two secrets of this key work. Rotating again ends one of them at once: the newest if it was never
            used, else the older one.
          </Callout>
        )}
        <Field label="The present secret keeps working for" hint="Put the new one everywhere in this time.">
          {(control) => (
            <Select {...control} value={grace} onChange={(event) => setGrace(Number(event.target.value))}>
              {GRACES[subject.type].map((seconds) => (
                <option key={seconds} value={seconds}>
                  {seconds === 0 ? 'No time: end it at once' : formatSpan(seconds)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {grace > 0 && (
          <Checkbox
            label="Start the countdown when the new secret is first used"
            hint="Waits at most 30 days for it."
            checked={fromFirstUse}
            onCheckedChange={(checked) => setFromFirstUse(checked === true)}
          />
        )}
        {rotate.error && !isCancelled(rotate.error) && (
          <Callout tone="bad" isAlert title="The key was not rotated">
            {sentenceOf(rotate.error)}
          </Callout>
        )}
      </DialogBody>
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <Button type="submit" variant="primary" isBusy={rotate.isPending}>
          Rotate secret
        </Button>
      </DialogFooter>
    </form>
  );
}
