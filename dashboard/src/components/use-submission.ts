import { type FormEvent, useRef, useState } from 'react';
import { isCanceled } from '../api/step-up.ts';

export type Submission = {
  submit: (event: FormEvent) => void;
  isBusy: boolean;
  /** Why the last attempt failed; undefined before, while retrying, and if the person canceled. */
  error: unknown;
};

/** Returns the submit handler and state of a form. It sends once at a time, however often it is submitted. */
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
      if (!isCanceled(thrown)) setError(thrown);
    } finally {
      isSending.current = false;
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // React events bubble through the component tree: a form that opened this dialog must not be sent too.
    event.stopPropagation();
    void run();
  };
  return { submit, isBusy, error };
}
