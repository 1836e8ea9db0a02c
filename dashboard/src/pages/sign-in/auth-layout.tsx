import type { ReactNode } from 'react';
import { useTitle } from '../../components/page.tsx';
import { Logo } from '../../shell/logo.tsx';

type AuthLayoutProps = { title: string; description?: ReactNode; children: ReactNode; footer?: ReactNode };

/** The layout of the sign-in pages: one centered card. */
export function AuthLayout({ title, description, children, footer }: AuthLayoutProps) {
  useTitle(title);
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-10">
      <div className="w-full max-w-sm">
        <div className="mb-6 flex items-center justify-center gap-2.5">
          <Logo className="size-8" />
          <span className="font-semibold text-lg tracking-tight">Appflow</span>
        </div>
        <div className="rounded-2xl border bg-surface p-6 shadow-pop">
          <h1 className="font-semibold text-lg tracking-tight">{title}</h1>
          {description && <p className="mt-0.5 text-pretty text-note text-soft">{description}</p>}
          <div className="mt-5 grid gap-4">{children}</div>
        </div>
        {footer && <div className="mt-4 text-center text-pretty text-soft text-xs">{footer}</div>}
      </div>
    </main>
  );
}
