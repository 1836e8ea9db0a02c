import { type ReactNode, useState } from 'react';
import { Button } from './ui/button.tsx';
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from './ui/dialog.tsx';
import { Field } from './ui/field.tsx';
import { Input } from './ui/input.tsx';

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
  /** A name that must be typed first. */
  nameToType?: string;
  onConfirm: () => void;
  children?: ReactNode;
};

/** Asks before an action that cannot simply be undone. Open while mounted. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { onClose, title, description, confirm, isDanger, isBusy = false, isDisabled, onConfirm } = props;
  const { nameToType, children } = props;
  const [typed, setTyped] = useState('');
  const isNameMissing = nameToType !== undefined && typed.trim() !== nameToType.trim();
  return (
    <Dialog open onOpenChange={(isOpen) => !isOpen && !isBusy && onClose()}>
      <DialogContent title={title} description={description} className="max-w-md">
        {(children || nameToType !== undefined) && (
          <DialogBody>
            {children}
            {nameToType !== undefined && (
              <Field label={`Type “${nameToType}” to confirm`}>
                {(control) => (
                  <Input
                    {...control}
                    autoFocus
                    autoComplete="off"
                    value={typed}
                    onChange={(event) => setTyped(event.target.value)}
                  />
                )}
              </Field>
            )}
          </DialogBody>
        )}
        <DialogFooter>
          <DialogClose asChild>
            <Button disabled={isBusy}>Cancel</Button>
          </DialogClose>
          <Button
            variant={isDanger ? 'danger' : 'primary'}
            onClick={onConfirm}
            isBusy={isBusy}
            disabled={isDisabled || isNameMissing}
          >
            {confirm}
          </Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
