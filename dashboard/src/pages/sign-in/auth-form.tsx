import type { ReactNode } from 'react';
import { errorMessage } from '../../api/problem.ts';
import { Button } from '../../components/ui/button.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { useSubmission } from '../../components/use-submission.ts';

type AuthFormProps = {
  /** The label of the submit button. */
  submitLabel: string;
  /** The title of an error, if the error itself does not say it: "Couldn't change the password". */
  failure?: string;
  /** Sends the form, or returns if it is not valid yet. */
  onSubmit: () => Promise<unknown>;
  /** The fields. `error` is the server's answer to the last attempt. */
  children: (error: unknown) => ReactNode;
};

/** A form of the sign-in pages: fields, error and submit button. */
export function AuthForm({ submitLabel, failure, onSubmit, children }: AuthFormProps) {
  const { submit, isBusy, error } = useSubmission(onSubmit);
  return (
    <form onSubmit={submit} className="grid gap-4">
      {children(error)}
      {Boolean(error) && (
        <Callout tone="bad" isAlert title={failure}>
          {errorMessage(error)}
        </Callout>
      )}
      <Button type="submit" variant="primary" isBusy={isBusy}>
        {submitLabel}
      </Button>
    </form>
  );
}
