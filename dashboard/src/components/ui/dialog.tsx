import { X } from 'lucide-react';
import { Dialog as Primitive } from 'radix-ui';
import { type ComponentProps, type ReactNode, useState } from 'react';
import { cn } from '../../lib/class-names.ts';
import { Button } from './button.tsx';

/** Holds whether a dialog or sheet is open. */
export const Dialog = Primitive.Root;
/** Opens the dialog it stands in. */
export const DialogTrigger = Primitive.Trigger;
/** Closes the dialog it stands in. */
export const DialogClose = Primitive.Close;

const OVERLAY =
  'fixed inset-0 z-50 bg-black/40 backdrop-blur-[1px] data-[state=open]:animate-fade-in dark:bg-black/60';

/** A click on a message is no wish to leave the dialog it tells about. */
function keepOpenForToasts(event: { target: EventTarget | null; preventDefault: () => void }): void {
  if (event.target instanceof Element && event.target.closest('[data-sonner-toaster]'))
    event.preventDefault();
}

/** Returns what has the focus, or, of a menu that is about to go, the button that opened it. */
function findFocused(): HTMLElement | undefined {
  const focused = document.activeElement;
  const menu = focused?.closest('[role=menu]');
  const place = menu ? document.getElementById(menu.getAttribute('aria-labelledby') ?? '') : focused;
  return place instanceof HTMLElement && place !== document.body ? place : undefined;
}

/** Where the focus was before the first of the dialogs that are open or followed one another. */
let beforeAll: HTMLElement | undefined;

/** Returns what gives the focus back when the dialog is gone: Radix does so only for dialogs with a trigger of its own. */
function useFocusReturn(): (event: Event) => void {
  // Read while rendering: once the dialog is on the page, its first field has the focus.
  const [places] = useState(() => {
    const focused = findFocused();
    if (focused && !focused.closest('[role=dialog]')) beforeAll = focused;
    return [focused, beforeAll];
  });
  return (event) => {
    event.preventDefault();
    // Another dialog took its place.
    if (document.activeElement !== document.body) return;
    places.find((place) => place?.isConnected && !place.matches(':disabled'))?.focus();
  };
}

type ContentProps = Omit<ComponentProps<typeof Primitive.Content>, 'title'> & {
  title: ReactNode;
  description?: ReactNode;
  /** Leaves out the cross: for what must be answered. */
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

/** What dialogs and sheets share. On the page only while it is open. */
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

/** A dialog in the middle; at the bottom edge on phones. Its body scrolls, heading and footer stay. */
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

/** A panel at the right edge: details of one row. The whole width on phones. */
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

/** A panel at the left edge: the navigation on phones. */
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

/** The part of a dialog that scrolls. */
export function DialogBody({ className, ...rest }: ComponentProps<'div'>) {
  return <div className={cn('min-h-0 flex-1 overflow-y-auto px-6 pt-1 pb-5', className)} {...rest} />;
}

/** A dialog's buttons; the one that acts comes last. */
export function DialogFooter({ className, ...rest }: ComponentProps<'footer'>) {
  return (
    <footer
      className={cn('flex flex-wrap items-center justify-end gap-2 border-t px-6 py-3.5', className)}
      {...rest}
    />
  );
}
