import type { ReactNode } from 'react';
import { Button } from './ui/button.tsx';
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from './ui/dialog.tsx';

type ConfirmDialogProps = {
  onClose: () => void;
  title: string;
  description?: string;
  /** The button's label: what will happen, never "OK". */
  confirm: string;
  isDanger?: boolean;
  isBusy?: boolean;
  /** Disables the confirm button. */
  isDisabled?: boolean;
  onConfirm: () => void;
  children?: ReactNode;
};

/** Asks before an action that cannot simply be undone. Open while mounted. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { onClose, title, description, confirm, isDanger, isBusy = false, isDisabled, onConfirm } = props;
  return (
    <Dialog open onOpenChange={(isOpen) => !isOpen && !isBusy && onClose()}>
      <DialogContent title={title} description={description} className="max-w-md">
        {props.children && <DialogBody>{props.children}</DialogBody>}
        <DialogFooter>
          <DialogClose asChild>
            <Button disabled={isBusy}>Cancel</Button>
          </DialogClose>
          <Button
            variant={isDanger ? 'danger' : 'primary'}
            onClick={onConfirm}
            isBusy={isBusy}
            disabled={isDisabled}
          >
            {confirm}
          </Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
