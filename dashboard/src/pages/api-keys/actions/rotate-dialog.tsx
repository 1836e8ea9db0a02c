import { useState } from 'react';
import type { ApiKey, KeyType, KeyWithSecret, Rotation } from '../../../api/answers.ts';
import { makeAttempts } from '../../../api/attempts.ts';
import { useKeyActions } from '../../../api/keys.ts';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Callout } from '../../../components/ui/callout.tsx';
import { Checkbox } from '../../../components/ui/checkbox.tsx';
import { Field } from '../../../components/ui/field.tsx';
import { Select } from '../../../components/ui/select.tsx';
import { formatSpan } from '../../../lib/format.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** Grace periods of the old secret. App stores are slow, so client keys may take a year. */
const GRACE_CHOICES: Record<KeyType, readonly number[]> = {
  server: [0, HOUR, DAY, 3 * DAY, 7 * DAY],
  read_only: [0, HOUR, DAY, 3 * DAY, 7 * DAY],
  client: [0, DAY, 7 * DAY, 30 * DAY, 90 * DAY, 180 * DAY, 365 * DAY],
};
const GRACE_DEFAULT: Record<KeyType, number> = { server: DAY, read_only: DAY, client: 90 * DAY };

type RotationDraft = { grace: number; fromFirstUse: boolean; isRotating: boolean };

const toRotation = ({ grace, fromFirstUse, isRotating }: RotationDraft): Rotation => ({
  grace_seconds: grace,
  ...(fromFirstUse && { grace_from: 'first_use' }),
  ...(isRotating && { force: true }),
});

type RotateDialogProps = { subject: ApiKey; onClose: () => void; onSecret: (apiKey: KeyWithSecret) => void };

/** Gives a key a new secret. The old one keeps working for a grace period. */
export function RotateDialog({ subject, onClose, onSecret }: RotateDialogProps) {
  const { rotate } = useKeyActions();
  const [draft, setDraft] = useState<RotationDraft>({
    grace: GRACE_DEFAULT[subject.type],
    fromFirstUse: false,
    // As of when the dialog opened: a rotation with a lost answer must not turn the retry into a forced one.
    isRotating: subject.secrets.length > 1,
  });
  const [toAttempt] = useState(() => makeAttempts(toRotation));
  const change = (part: Partial<RotationDraft>) => setDraft({ ...draft, ...part });
  return (
    <FormDialog
      title={`Rotate ${subject.name}`}
      description="Makes a new secret. Name, scopes, limits and history of the key stay."
      action={{ subject: 'The key', done: 'rotated', isRepeatable: true }}
      submitLabel="Rotate secret"
      onSubmit={async () => onSecret(await rotate.mutateAsync({ key: subject, ...toAttempt(draft) }))}
      onClose={onClose}
    >
      {() => (
        <>
          {draft.isRotating && (
            <Callout tone="warn" title="A rotation is running">
              Two secrets of this key work. Rotating again ends one of them at once: the newest if it was
              never used, else the older one.
            </Callout>
          )}
          <Field label="The present secret keeps working for" hint="Put the new one everywhere in this time.">
            {(control) => (
              <Select
                {...control}
                value={draft.grace}
                onChange={(event) => change({ grace: Number(event.target.value) })}
              >
                {GRACE_CHOICES[subject.type].map((seconds) => (
                  <option key={seconds} value={seconds}>
                    {seconds === 0 ? 'No time: end it at once' : formatSpan(seconds)}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          {draft.grace > 0 && (
            <Checkbox
              label="Start the countdown when the new secret is first used"
              hint="Waits at most 30 days for it."
              checked={draft.fromFirstUse}
              onCheckedChange={(checked) => change({ fromFirstUse: checked === true })}
            />
          )}
        </>
      )}
    </FormDialog>
  );
}
