import type { ReactNode } from 'react';
import { Button } from './ui/button.tsx';
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from './ui/dialog.tsx';

type ConfirmDialogProps = {
  isOpen: boolean;
  onClose: () => void;
  title: string;
  description?: string;
  /** The button's words: what will happen, never "OK". */
  confirm: string;
  isDanger?: boolean;
  isBusy?: boolean;
  onConfirm: () => void;
  children?: ReactNode;
};

/** Asks before something that cannot simply be taken back. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { isOpen, onClose, title, description, confirm, isDanger, isBusy, onConfirm, children } = props;
  return (
    <Dialog open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <DialogContent title={title} description={description} className="max-w-md">
        {children && <DialogBody>{children}</DialogBody>}
        <DialogFooter>
          <DialogClose asChild>
            <Button>Cancel</Button>
          </DialogClose>
          <Button variant={isDanger ? 'danger' : 'primary'} onClick={onConfirm} isBusy={isBusy ?? false}>
            {confirm}
          </Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
