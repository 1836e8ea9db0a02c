import type { ReactNode } from 'react';
import { isUnanswered, sentenceOf } from '../api/problem.ts';
import { Button } from './ui/button.tsx';
import { Callout } from './ui/callout.tsx';
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from './ui/dialog.tsx';
import { useStay } from './use-stay.ts';
import { useSubmission } from './use-submission.ts';

/** What a form does to what, for saying that it failed: "The key was not created". */
export type Deed = {
  subject: string;
  done: string;
  /** Whether doing it again after a lost answer makes no second one. */
  isRepeatable: boolean;
};

type FormDialogProps = {
  title: string;
  description?: string;
  className?: string;
  deed: Deed;
  /** The words of the button that sends. */
  submitLabel: string;
  /** Stands in place of "Cancel". `isBusy` while the form is being sent. */
  aside?: (isBusy: boolean) => ReactNode;
  /** Sends the form; may also find that it cannot be sent yet. */
  onSubmit: () => Promise<unknown>;
  onClose: () => void;
  /** Whether `onSubmit` finds mistakes itself: the browser's own checks are off then. */
  checksItself?: boolean;
  /** The fields; `error` is what the server said of the last try. */
  children: (error: unknown) => ReactNode;
};

/**
 * A form in a dialog, open as long as it is on the page. What was typed is not lost by a click beside it, and while it is
 * being sent it cannot be left at all: the answer may hold what is shown only once.
 */
export function FormDialog(props: FormDialogProps) {
  const {
    title,
    description,
    className = 'max-w-md',
    deed,
    submitLabel,
    aside,
    checksItself = false,
    onClose,
    children,
  } = props;
  const { submit, isBusy, error } = useSubmission(props.onSubmit);
  useStay(isBusy);
  return (
    <Dialog open onOpenChange={(isOpen) => !isOpen && !isBusy && onClose()}>
      <DialogContent
        title={title}
        description={description}
        className={className}
        onInteractOutside={(event) => event.preventDefault()}
      >
        <form onSubmit={submit} className="contents" noValidate={checksItself}>
          <DialogBody className="grid gap-4">
            {children(error)}
            {error !== undefined && <Failure error={error} deed={deed} />}
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

function Failure({ error, deed: { subject, done, isRepeatable } }: { error: unknown; deed: Deed }) {
  if (!isUnanswered(error)) {
    return (
      <Callout tone="bad" isAlert title={`${subject} was not ${done}`}>
        {sentenceOf(error)}
      </Callout>
    );
  }
  return (
    <Callout tone="warn" isAlert title={`${subject} may or may not have been ${done}`}>
      No answer came.{' '}
      {isRepeatable
        ? 'Trying again is safe: it is never done twice.'
        : 'Look whether it is there before you try again.'}
    </Callout>
  );
}
