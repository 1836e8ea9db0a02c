import { useState, useSyncExternalStore } from 'react';
import { errorMessage } from '../api/problem.ts';
import { stepUp } from '../api/session.ts';
import { cancelStepUp, isStepUpWanted, subscribeStepUp } from '../api/step-up.ts';
import { PasswordField } from './password-field.tsx';
import { Button } from './ui/button.tsx';
import { Dialog, DialogBody, DialogContent, DialogFooter } from './ui/dialog.tsx';
import { useSubmission } from './use-submission.ts';

/** Asks for the password when a request needs it. Mounted once, at the root. */
export function StepUpDialog() {
  const isWanted = useSyncExternalStore(subscribeStepUp, isStepUpWanted);
  return (
    <Dialog open={isWanted} onOpenChange={(open) => !open && cancelStepUp()}>
      {isWanted && (
        <DialogContent
          title="Confirm it is you"
          description="This is a sensitive change. Enter your password to go on; it counts for ten minutes."
          className="max-w-sm"
        >
          <PasswordForm />
        </DialogContent>
      )}
    </Dialog>
  );
}

function PasswordForm() {
  const [password, setPassword] = useState('');
  const { submit, isBusy, error } = useSubmission(() => stepUp(password));
  return (
    <form onSubmit={submit} className="contents">
      <DialogBody>
        <PasswordField
          autoFocus
          value={password}
          onChange={setPassword}
          error={error ? errorMessage(error) : undefined}
        />
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
