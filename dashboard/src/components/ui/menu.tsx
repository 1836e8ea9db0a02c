import { Check } from 'lucide-react';
import { DropdownMenu as Primitive } from 'radix-ui';
import type { ComponentProps } from 'react';
import { cn } from '../../lib/class-names.ts';

/** The root of a menu. Not modal: the page would be hidden from screen readers but still reachable by Tab. */
export function Menu(props: ComponentProps<typeof Primitive.Root>) {
  return <Primitive.Root modal={false} {...props} />;
}
/** Opens the menu around it. */
export const MenuTrigger = Primitive.Trigger;
/** A group of items of which one is selected. */
export const MenuRadioGroup = Primitive.RadioGroup;

/** An item may have opened a dialog, which has the focus by then and keeps it. */
function keepFocus(event: Event): void {
  if (document.activeElement !== document.body) event.preventDefault();
}

/** Inside an open sheet, the sheet would swallow wheel and touch events. */
const letScroll = (event: { stopPropagation: () => void }) => event.stopPropagation();

/** The menu's panel. */
export function MenuContent({ className, ...rest }: ComponentProps<typeof Primitive.Content>) {
  return (
    <Primitive.Portal>
      <Primitive.Content
        sideOffset={6}
        collisionPadding={8}
        onCloseAutoFocus={keepFocus}
        onWheel={letScroll}
        onTouchMove={letScroll}
        className={cn(
          'z-50 max-h-[min(24rem,var(--radix-dropdown-menu-content-available-height))] min-w-48 overflow-y-auto rounded-lg border bg-raised p-1 shadow-pop data-[state=open]:animate-rise-in',
          className,
        )}
        {...rest}
      />
    </Primitive.Portal>
  );
}

const ITEM =
  'flex cursor-pointer select-none items-center gap-2.5 rounded-md px-2.5 py-1.5 text-sm outline-none data-[disabled]:pointer-events-none data-[highlighted]:bg-hover data-[disabled]:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-soft';

type MenuItemProps = ComponentProps<typeof Primitive.Item> & { isDanger?: boolean };

/** An item that does something. */
export function MenuItem({ className, isDanger, ...rest }: MenuItemProps) {
  const danger = isDanger && 'text-bad data-[highlighted]:bg-bad-soft [&_svg]:text-bad';
  return <Primitive.Item className={cn(ITEM, danger, className)} {...rest} />;
}

/** One of several options. The selected one has a check mark. */
export function MenuRadioItem({ className, children, ...rest }: ComponentProps<typeof Primitive.RadioItem>) {
  return (
    <Primitive.RadioItem className={cn(ITEM, 'justify-between', className)} {...rest}>
      <span className="flex min-w-0 items-center gap-2.5">{children}</span>
      <Primitive.ItemIndicator>
        <Check aria-hidden />
      </Primitive.ItemIndicator>
    </Primitive.RadioItem>
  );
}

/** The heading of a group of items. */
export function MenuLabel({ className, ...rest }: ComponentProps<typeof Primitive.Label>) {
  return (
    <Primitive.Label className={cn('px-2.5 pt-2 pb-1 font-medium text-soft text-xs', className)} {...rest} />
  );
}

/** A line between groups of items. */
export function MenuSeparator() {
  return <Primitive.Separator className="-mx-1 my-1 h-px bg-border" />;
}
