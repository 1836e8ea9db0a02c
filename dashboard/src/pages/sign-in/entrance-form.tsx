import type { ReactNode } from 'react';
import { sentenceOf } from '../../api/problem.ts';
import { Button } from '../../components/ui/button.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { useSubmission } from '../../components/use-submission.ts';

type EntranceFormProps = {
  /** The words of the button that sends. */
  submitLabel: string;
  /** What did not happen when it fails, where the error does not say it: "The password was not changed". */
  failure?: string;
  /** Sends the form; may also find that it cannot be sent yet. */
  onSubmit: () => Promise<unknown>;
  /** The fields; `error` is what the server said of the last try. */
  children: (error: unknown) => ReactNode;
};

/** A form in front of the dashboard: its fields, what went wrong, and the button that sends it. */
export function EntranceForm({ submitLabel, failure, onSubmit, children }: EntranceFormProps) {
  const { submit, isBusy, error } = useSubmission(onSubmit);
  return (
    <form onSubmit={submit} className="grid gap-4">
      {children(error)}
      {Boolean(error) && (
        <Callout tone="bad" isAlert title={failure}>
          {sentenceOf(error)}
        </Callout>
      )}
      <Button type="submit" variant="primary" isBusy={isBusy}>
        {submitLabel}
      </Button>
    </form>
  );
}
