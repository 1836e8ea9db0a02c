import { useState } from 'react';
import { GRACE_SECONDS_MAX } from '../../../../../src/directory/key.ts';
import { DAY_SECONDS, HOUR_SECONDS } from '../../../../../src/lib/durations.ts';
import type { ApiKey, KeyType, KeyWithSecret, Rotation } from '../../../api/answers.ts';
import { makeAttempts } from '../../../api/attempts.ts';
import { useKeyActions } from '../../../api/keys.ts';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Callout } from '../../../components/ui/callout.tsx';
import { Checkbox } from '../../../components/ui/checkbox.tsx';
import { Field } from '../../../components/ui/field.tsx';
import { Select } from '../../../components/ui/select.tsx';
import { formatSpan } from '../../../lib/format.ts';

const inDays = (...days: number[]) => days.map((count) => count * DAY_SECONDS);

/** Grace periods of the old secret. App stores are slow, so client keys may take a year. */
const GRACE_CHOICES: Record<KeyType, readonly number[]> = {
  server: [0, HOUR_SECONDS, ...inDays(1, 3), GRACE_SECONDS_MAX.server],
  read_only: [0, HOUR_SECONDS, ...inDays(1, 3), GRACE_SECONDS_MAX.read_only],
  client: [0, ...inDays(1, 7, 30, 90, 180), GRACE_SECONDS_MAX.client],
};
const GRACE_DEFAULT: Record<KeyType, number> = {
  server: DAY_SECONDS,
  read_only: DAY_SECONDS,
  client: 90 * DAY_SECONDS,
};

type RotationDraft = { grace: number; fromFirstUse: boolean; isRotating: boolean };

const toRotation = ({ grace, fromFirstUse, isRotating }: RotationDraft): Rotation => ({
  grace_seconds: grace,
  ...(fromFirstUse && { grace_from: 'first_use' }),
  ...(isRotating && { force: true }),
});

type RotateDialogProps = { apiKey: ApiKey; onClose: () => void; onSecret: (apiKey: KeyWithSecret) => void };

/** Gives a key a new secret. The old one keeps working for a grace period. */
export function RotateDialog({ apiKey, onClose, onSecret }: RotateDialogProps) {
  const { rotate } = useKeyActions();
  const [draft, setDraft] = useState<RotationDraft>({
    grace: GRACE_DEFAULT[apiKey.type],
    fromFirstUse: false,
    // As of when the dialog opened: a rotation with a lost answer must not turn the retry into a forced one.
    isRotating: apiKey.secrets.length > 1,
  });
  const [toAttempt] = useState(() => makeAttempts(toRotation));
  const change = (part: Partial<RotationDraft>) => setDraft({ ...draft, ...part });
  return (
    <FormDialog
      title={`Rotate ${apiKey.name}`}
      description="Creates a new secret. The key's name, permissions, limits and history stay the same."
      action={{ subject: 'The key', done: 'rotated', isRepeatable: true }}
      submitLabel="Rotate secret"
      onSubmit={async () => onSecret(await rotate.mutateAsync({ key: apiKey, ...toAttempt(draft) }))}
      onClose={onClose}
    >
      {() => (
        <>
          {draft.isRotating && (
            <Callout tone="warn" title="Rotation in progress">
              Two secrets of this key work. Rotating again stops one of them immediately: the newest if it was
              never used, otherwise the older one.
            </Callout>
          )}
          <Field label="Keep the old secret working for" hint="Deploy the new secret within this time.">
            {(control) => (
              <Select
                {...control}
                value={draft.grace}
                onChange={(event) => change({ grace: Number(event.target.value) })}
              >
                {GRACE_CHOICES[apiKey.type].map((seconds) => (
                  <option key={seconds} value={seconds}>
                    {seconds === 0 ? 'Stop it immediately' : formatSpan(seconds)}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          {draft.grace > 0 && (
            <Checkbox
              label="Start the countdown when the new secret is first used"
              hint="Starts after 30 days at the latest."
              checked={draft.fromFirstUse}
              onCheckedChange={(checked) => change({ fromFirstUse: checked === true })}
            />
          )}
        </>
      )}
    </FormDialog>
  );
}
