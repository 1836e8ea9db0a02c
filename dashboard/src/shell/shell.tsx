import { Outlet, useMatches } from '@tanstack/react-router';
import { Lock, Menu as MenuIcon } from 'lucide-react';
import { useState } from 'react';
import type { MemberScope } from '../api/answers.ts';
import { useProject } from '../api/project.ts';
import { EmptyState } from '../components/states.tsx';
import { Badge, Code } from '../components/ui/badge.tsx';
import { Button } from '../components/ui/button.tsx';
import { Dialog, DialogTrigger, LeftSheetContent } from '../components/ui/dialog.tsx';
import { IsInShell } from './fallbacks.tsx';
import { Logo } from './logo.tsx';
import { Palette } from './palette/palette.tsx';
import { Sidebar } from './sidebar.tsx';

/** The frame of a project's pages: the sidebar at the left, in a sheet on phones. */
export function Shell() {
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[15.5rem_minmax(0,1fr)]">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:fixed focus:top-3 focus:left-3 focus:z-50 focus:rounded-md focus:bg-raised focus:px-3 focus:py-2 focus:shadow-pop"
      >
        Skip to content
      </a>
      <aside className="sticky top-0 hidden h-dvh border-r bg-sidebar md:block">
        <Sidebar />
      </aside>
      <MobileBar />
      <Palette />
      <main id="content" tabIndex={-1} className="min-w-0 outline-none">
        <IsInShell value>
          <PermittedPage />
        </IsInShell>
      </main>
    </div>
  );
}

function MobileBar() {
  const [isOpen, setOpen] = useState(false);
  const { project } = useProject();
  return (
    <header className="sticky top-0 z-30 flex h-13 items-center gap-3 border-b bg-background/90 px-3 backdrop-blur md:hidden">
      <Dialog open={isOpen} onOpenChange={setOpen}>
        <DialogTrigger asChild>
          <Button variant="ghost" size="icon" aria-label="Open navigation">
            <MenuIcon />
          </Button>
        </DialogTrigger>
        <LeftSheetContent label="Navigation">
          <Sidebar onNavigate={() => setOpen(false)} />
        </LeftSheetContent>
      </Dialog>
      <Logo className="size-6" />
      <bdi className="min-w-0 truncate font-medium">{project.name}</bdi>
    </header>
  );
}

/** The page, or why this person may not see it: links may come from members with more permissions. */
function PermittedPage() {
  const { can, project } = useProject();
  const scopes = useMatches({ select: (matches) => matches.map(({ staticData }) => staticData.scope) });
  const missing = scopes.find((scope): scope is MemberScope => scope !== undefined && !can(scope));
  if (missing === undefined) return <Outlet />;
  return (
    <EmptyState icon={Lock} title="You don't have access to this page" isPage className="py-24">
      Your role in <bdi>{project.name}</bdi> is <Badge>{project.role}</Badge>. This page requires{' '}
      <Code>{missing}</Code>. Ask an owner or admin of the project for access.
    </EmptyState>
  );
}
