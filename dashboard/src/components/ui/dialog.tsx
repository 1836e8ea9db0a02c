import { X } from 'lucide-react';
import { Dialog as Primitive } from 'radix-ui';
import { type ComponentProps, type ReactNode, useState } from 'react';
import { cn } from '../../lib/class-names.ts';
import { Button } from './button.tsx';

/** The root of a dialog or sheet. */
export const Dialog = Primitive.Root;
/** Opens the dialog around it. */
export const DialogTrigger = Primitive.Trigger;
/** Closes the dialog around it. */
export const DialogClose = Primitive.Close;

const OVERLAY =
  'fixed inset-0 z-50 bg-black/40 backdrop-blur-[1px] data-[state=open]:animate-fade-in dark:bg-black/60';

/** A click on a toast must not close the dialog that it is about. */
function keepOpenForToasts(event: { target: EventTarget | null; preventDefault: () => void }): void {
  if (event.target instanceof Element && event.target.closest('[data-sonner-toaster]'))
    event.preventDefault();
}

/** Returns the focused element; for a menu that is about to close, the button that opened it. */
function findFocused(): HTMLElement | undefined {
  const focused = document.activeElement;
  const menu = focused?.closest('[role=menu]');
  const place = menu ? document.getElementById(menu.getAttribute('aria-labelledby') ?? '') : focused;
  return place instanceof HTMLElement && place !== document.body ? place : undefined;
}

/** The focus before the first dialog of those that are open or followed each other. */
let initialFocus: HTMLElement | undefined;

/** Returns a handler that restores the focus after closing. Radix does so only for dialogs with a trigger. */
function useFocusReturn(): (event: Event) => void {
  // Read while rendering: once mounted, the dialog's first field has the focus.
  const [candidates] = useState(() => {
    const focused = findFocused();
    if (focused && !focused.closest('[role=dialog]')) initialFocus = focused;
    return [focused, initialFocus];
  });
  return (event) => {
    event.preventDefault();
    // Another dialog opened.
    if (document.activeElement !== document.body) return;
    candidates.find((place) => place?.isConnected && !place.matches(':disabled'))?.focus();
  };
}

type ContentProps = Omit<ComponentProps<typeof Primitive.Content>, 'title'> & {
  title: ReactNode;
  description?: ReactNode;
  /** Hides the close button: for dialogs that need an answer. */
  hasNoClose?: boolean;
};

function Heading({
  title,
  description,
  hasNoClose,
}: Pick<ContentProps, 'title' | 'description' | 'hasNoClose'>) {
  return (
    <header className="flex items-start justify-between gap-4 px-6 pt-5 pb-4">
      <div className="min-w-0 wrap-anywhere">
        <Primitive.Title className="font-semibold text-base tracking-tight">{title}</Primitive.Title>
        {description && (
          <Primitive.Description className="mt-0.5 text-note text-soft">{description}</Primitive.Description>
        )}
      </div>
      {!hasNoClose && (
        <Primitive.Close asChild>
          <Button variant="ghost" size="icon-sm" aria-label="Close" className="-mt-1 -mr-2">
            <X />
          </Button>
        </Primitive.Close>
      )}
    </header>
  );
}

/** Shared by dialogs and sheets. Mounted only while open. */
function Panel({ title, description, hasNoClose, children, ...rest }: ContentProps) {
  const returnFocus = useFocusReturn();
  return (
    <Primitive.Content
      {...(description ? {} : { 'aria-describedby': undefined })}
      onInteractOutside={keepOpenForToasts}
      onCloseAutoFocus={returnFocus}
      {...rest}
    >
      <Heading title={title} description={description} {...(hasNoClose && { hasNoClose })} />
      {children}
    </Primitive.Content>
  );
}

/** A centered dialog; at the bottom edge on phones. The body scrolls, header and footer stay. */
export function DialogContent({ className, ...rest }: ContentProps) {
  return (
    <Primitive.Portal>
      <Primitive.Overlay className={OVERLAY} />
      <Panel
        className={cn(
          'fixed inset-x-0 bottom-0 z-50 mx-auto flex max-h-[92dvh] w-full max-w-lg flex-col rounded-t-2xl border bg-raised shadow-pop outline-none data-[state=open]:animate-rise-in sm:inset-x-4 sm:top-1/2 sm:bottom-auto sm:max-h-[86dvh] sm:w-auto sm:-translate-y-1/2 sm:rounded-2xl',
          className,
        )}
        {...rest}
      />
    </Primitive.Portal>
  );
}

/** A panel at the right edge, for the details of one row. Full width on phones. */
export function SheetContent({ className, ...rest }: ContentProps) {
  return (
    <Primitive.Portal>
      <Primitive.Overlay className={OVERLAY} />
      <Panel
        className={cn(
          'fixed inset-y-0 right-0 z-50 flex w-full max-w-xl flex-col border-l bg-raised shadow-pop outline-none data-[state=open]:animate-slide-in',
          className,
        )}
        {...rest}
      />
    </Primitive.Portal>
  );
}

/** A panel at the left edge, for the navigation on phones. */
export function LeftSheetContent({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Primitive.Portal>
      <Primitive.Overlay className={OVERLAY} />
      <Primitive.Content
        aria-describedby={undefined}
        className="fixed inset-y-0 left-0 z-50 flex w-72 max-w-[85vw] flex-col border-r bg-sidebar shadow-pop outline-none data-[state=open]:animate-slide-in-left"
      >
        <Primitive.Title className="sr-only">{label}</Primitive.Title>
        {children}
      </Primitive.Content>
    </Primitive.Portal>
  );
}

/** The scrolling part of a dialog. */
export function DialogBody({ className, ...rest }: ComponentProps<'div'>) {
  return <div className={cn('min-h-0 flex-1 overflow-y-auto px-6 pt-1 pb-5', className)} {...rest} />;
}

/** A dialog's buttons. The primary one comes last. */
export function DialogFooter({ className, ...rest }: ComponentProps<'footer'>) {
  return (
    <footer
      className={cn('flex flex-wrap items-center justify-end gap-2 border-t px-6 py-3.5', className)}
      {...rest}
    />
  );
}
