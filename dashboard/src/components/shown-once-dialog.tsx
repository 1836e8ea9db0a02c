import { Eye } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Button } from './ui/button.tsx';
import { Checkbox } from './ui/checkbox.tsx';
import { Dialog, DialogBody, DialogContent, DialogFooter } from './ui/dialog.tsx';
import { useLeaveGuard } from './use-leave-guard.ts';

type ShownOnceDialogProps = {
  title: string;
  description: string;
  className?: string;
  /** The checkbox that must be checked before closing: "I have stored this key". */
  confirmation: string;
  onClose: () => void;
  children: ReactNode;
};

/** Shows something once. Neither Escape nor "back" closes it before the checkbox confirms that it is stored. */
export function ShownOnceDialog(props: ShownOnceDialogProps) {
  const { title, description, className, confirmation, onClose, children } = props;
  const [isStored, setStored] = useState(false);
  const [wasCloseAttempted, setCloseAttempted] = useState(false);
  useLeaveGuard(!isStored, () => setCloseAttempted(true));
  const tryToClose = () => (isStored ? onClose() : setCloseAttempted(true));
  return (
    <Dialog open onOpenChange={(isOpen) => !isOpen && tryToClose()}>
      <DialogContent title={title} description={description} hasNoClose className={className}>
        <DialogBody className="grid gap-5">{children}</DialogBody>
        <DialogFooter className="justify-between">
          <div className="min-w-0">
            <Checkbox
              label={confirmation}
              checked={isStored}
              onCheckedChange={(checked) => setStored(checked === true)}
            />
            {wasCloseAttempted && !isStored && (
              <p role="alert" className="mt-1 flex items-center gap-1.5 text-bad text-xs">
                <Eye className="size-3.5 shrink-0" aria-hidden />
                You can't see it again. Store it, then check this box.
              </p>
            )}
          </div>
          <Button
            variant="primary"
            aria-disabled={!isStored}
            onClick={tryToClose}
            className="pointer-events-auto!"
          >
            Done
          </Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
