import { useQueryClient } from '@tanstack/react-query';
import { useState, useSyncExternalStore } from 'react';
import { errorMessage, fieldError } from '../api/problem.ts';
import { hasSecondFactor, stepUp } from '../api/session.ts';
import { cancelStepUp, isStepUpWanted, subscribeStepUp } from '../api/step-up.ts';
import { withoutSpaces } from '../lib/without-spaces.ts';
import { PasswordField } from './password-field.tsx';
import { Button } from './ui/button.tsx';
import { Dialog, DialogBody, DialogContent, DialogFooter } from './ui/dialog.tsx';
import { Field, FieldError } from './ui/field.tsx';
import { Input } from './ui/input.tsx';
import { useSubmission } from './use-submission.ts';

/** Asks for the password, and a code if the person has a second factor, when a request needs them. Mounted once, at the root. */
export function StepUpDialog() {
  const client = useQueryClient();
  const isWanted = useSyncExternalStore(subscribeStepUp, isStepUpWanted);
  return (
    <Dialog open={isWanted} onOpenChange={(open) => !open && cancelStepUp()}>
      {isWanted && (
        <DialogContent
          title="Confirm it's you"
          description={`Enter your password${hasSecondFactor(client) ? ' and a code' : ''} to continue. We won't ask again for 10 minutes.`}
          className="max-w-sm"
        >
          <ConfirmForm />
        </DialogContent>
      )}
    </Dialog>
  );
}

function ConfirmForm() {
  const client = useQueryClient();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [isCodeRequired, setCodeRequired] = useState(() => hasSecondFactor(client));
  const { submit, isBusy, error } = useSubmission(async () => {
    try {
      await stepUp(password, isCodeRequired ? withoutSpaces(code) : undefined);
    } catch (thrown) {
      // Two-factor authentication was turned on elsewhere since this page was loaded.
      if (fieldError(thrown, 'code') === undefined) throw thrown;
      setCodeRequired(true);
    }
  });
  return (
    <form onSubmit={submit} className="contents">
      <DialogBody className="grid gap-4">
        <PasswordField autoFocus value={password} onChange={setPassword} />
        {isCodeRequired && (
          <Field label="Authenticator code" hint="The 6-digit code from your app, or a backup code.">
            {(control) => (
              <Input
                {...control}
                required
                autoComplete="one-time-code"
                className="font-mono tracking-widest"
                value={code}
                onChange={(event) => setCode(event.target.value)}
              />
            )}
          </Field>
        )}
        {error !== undefined && <FieldError>{errorMessage(error)}</FieldError>}
      </DialogBody>
      <DialogFooter>
        <Button onClick={cancelStepUp}>Cancel</Button>
        <Button type="submit" variant="primary" isBusy={isBusy}>
          Confirm
        </Button>
      </DialogFooter>
    </form>
  );
}
