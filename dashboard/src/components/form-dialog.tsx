import type { ReactNode } from 'react';
import { errorMessage, isUnanswered } from '../api/problem.ts';
import { Button } from './ui/button.tsx';
import { Callout } from './ui/callout.tsx';
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from './ui/dialog.tsx';
import { useLeaveGuard } from './use-leave-guard.ts';
import { useSubmission } from './use-submission.ts';

/** What a form does, for the message when it fails: "The key wasn't created". */
export type FormAction = {
  subject: string;
  done: string;
  /** Whether retrying after a lost answer cannot do it twice. */
  isRepeatable: boolean;
};

type FormDialogProps = {
  title: string;
  description?: string;
  className?: string;
  action: FormAction;
  /** The label of the submit button. */
  submitLabel: string;
  /** Replaces "Cancel". `isBusy` while the form is being sent. */
  aside?: (isBusy: boolean) => ReactNode;
  /** Sends the form, or returns if it is not valid yet. */
  onSubmit: () => Promise<unknown>;
  onClose: () => void;
  /** Whether `onSubmit` validates: then the browser's own validation is off. */
  validatesItself?: boolean;
  /** The fields. `error` is the server's answer to the last attempt. */
  children: (error: unknown) => ReactNode;
};

/**
 * A form in a dialog, open while mounted. A click beside it does not discard what was typed, and while it is being sent
 * it cannot be closed: the answer may contain something that is shown only once.
 */
export function FormDialog(props: FormDialogProps) {
  const {
    title,
    description,
    className = 'max-w-md',
    action,
    submitLabel,
    aside,
    validatesItself = false,
    onClose,
    children,
  } = props;
  const { submit, isBusy, error } = useSubmission(props.onSubmit);
  useLeaveGuard(isBusy);
  return (
    <Dialog open onOpenChange={(isOpen) => !isOpen && !isBusy && onClose()}>
      <DialogContent
        title={title}
        description={description}
        className={className}
        onInteractOutside={(event) => event.preventDefault()}
      >
        <form onSubmit={submit} className="contents" noValidate={validatesItself}>
          <DialogBody className="grid gap-4">
            {children(error)}
            {error !== undefined && <Failure error={error} action={action} />}
          </DialogBody>
          <DialogFooter className={aside && 'justify-between'}>
            {aside?.(isBusy) ?? (
              <DialogClose asChild>
                <Button disabled={isBusy}>Cancel</Button>
              </DialogClose>
            )}
            <Button type="submit" variant="primary" isBusy={isBusy}>
              {submitLabel}
            </Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}

function Failure({ error, action: { subject, done, isRepeatable } }: { error: unknown; action: FormAction }) {
  if (!isUnanswered(error)) {
    return (
      <Callout tone="bad" isAlert title={`${subject} wasn't ${done}`}>
        {errorMessage(error)}
      </Callout>
    );
  }
  return (
    <Callout tone="warn" isAlert title={`${subject} may or may not have been ${done}`}>
      The server didn't answer.{' '}
      {isRepeatable ? "It's safe to retry." : `Check whether it was ${done} before retrying.`}
    </Callout>
  );
}
