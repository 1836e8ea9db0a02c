import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState, useSyncExternalStore } from 'react';
import { api } from '../api/http.ts';
import { sentenceOf } from '../api/problem.ts';
import { cancelStepUp, confirmStepUp, isStepUpWanted, subscribeStepUp } from '../api/step-up.ts';
import { Button } from './ui/button.tsx';
import { Dialog, DialogBody, DialogContent, DialogFooter } from './ui/dialog.tsx';
import { Field } from './ui/field.tsx';
import { Input } from './ui/input.tsx';

/** Asks for the password whenever a request wants it; stands once at the root of the page. */
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
  const confirmation = useMutation({
    mutationFn: () => api<{ stepped_up_until: string }>('POST', '/app/v1/step-up', { body: { password } }),
    onSuccess: ({ stepped_up_until }) => confirmStepUp(stepped_up_until),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // React hands the event on through the tree: a form that opened this dialog must not be sent too.
    event.stopPropagation();
    confirmation.mutate();
  };
  return (
    <form onSubmit={submit} className="contents">
      <DialogBody>
        <Field label="Password" mistake={confirmation.error ? sentenceOf(confirmation.error) : undefined}>
          {(control) => (
            <Input
              {...control}
              type="password"
              autoComplete="current-password"
              autoFocus
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          )}
        </Field>
      </DialogBody>
      <DialogFooter>
        <Button onClick={cancelStepUp}>Cancel</Button>
        <Button type="submit" variant="primary" isBusy={confirmation.isPending}>
          Confirm
        </Button>
      </DialogFooter>
    </form>
  );
}
