import { type FormEvent, useRef, useState } from 'react';
import { isCancelled } from '../api/step-up.ts';

export type Submission = {
  submit: (event: FormEvent) => void;
  isBusy: boolean;
  /** Why the last try failed; undefined before, while trying again, and when the person changed their mind. */
  error: unknown;
};

/** Returns how to send a form: once at a time, however often its button is pressed before the page shows that it is busy. */
export function useSubmission(send: () => Promise<unknown>): Submission {
  const isSending = useRef(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const run = async () => {
    if (isSending.current) return;
    isSending.current = true;
    setBusy(true);
    setError(undefined);
    try {
      await send();
    } catch (thrown) {
      if (!isCancelled(thrown)) setError(thrown);
    } finally {
      isSending.current = false;
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // React hands the event on through the tree: a form that opened this one's dialog must not be sent too.
    event.stopPropagation();
    void run();
  };
  return { submit, isBusy, error };
}
