import { Link, Outlet } from '@tanstack/react-router';
import { Logo } from './logo.tsx';
import { UserMenu } from './user-menu.tsx';

/** The frame of pages outside a project: the way home, and the user menu. */
export function PlainFrame() {
  return (
    <>
      <header className="flex items-center justify-between gap-4 border-b px-4 py-1.5 sm:px-8">
        <Link to="/" className="flex items-center gap-2.5 rounded-md font-semibold tracking-tight">
          <Logo className="size-7" />
          Appflow
        </Link>
        <div className="w-56 min-w-0">
          <UserMenu side="bottom" />
        </div>
      </header>
      <Outlet />
    </>
  );
}
