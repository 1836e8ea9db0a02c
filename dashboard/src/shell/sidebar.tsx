import { Link } from '@tanstack/react-router';
import { useProject } from '../api/project.ts';
import { AppSwitcher } from './app-switcher.tsx';
import { NAVIGATION, type NavigationItem } from './navigation.ts';
import { PaletteButton } from './palette/palette-button.tsx';
import { ProjectSwitcher } from './project-switcher.tsx';
import { UserMenu } from './user-menu.tsx';

/** Switchers, navigation and user menu. `onNavigate` closes the sheet on phones. */
export function Sidebar({ onNavigate }: { onNavigate?: () => void }) {
  const { can } = useProject();
  return (
    <div className="flex h-full flex-col">
      <div className="grid gap-1.5 p-3">
        <ProjectSwitcher />
        {can('apps:read') && <AppSwitcher />}
        <PaletteButton {...(onNavigate && { onOpen: onNavigate })} />
      </div>
      <nav aria-label="Project" className="min-h-0 flex-1 overflow-y-auto px-3 pb-4">
        {NAVIGATION.map(({ label, items }) => (
          <NavigationGroup
            key={label}
            label={label}
            items={items.filter(({ scope }) => scope === undefined || can(scope))}
            {...(onNavigate && { onNavigate })}
          />
        ))}
      </nav>
      <div className="border-t p-3">
        <UserMenu />
      </div>
    </div>
  );
}

type NavigationGroupProps = { label: string; items: readonly NavigationItem[]; onNavigate?: () => void };

function NavigationGroup({ label, items, onNavigate }: NavigationGroupProps) {
  const { project } = useProject();
  if (items.length === 0) return null;
  return (
    <div className="mt-4 first:mt-1">
      <h2 className="px-2.5 pb-1 font-medium text-soft text-xs">{label}</h2>
      <ul className="grid gap-px">
        {items.map(({ to, label: name, icon: Icon }) => (
          <li key={to}>
            <Link
              to={to}
              params={{ projectId: project.id }}
              {...(onNavigate && { onClick: onNavigate })}
              className="flex h-8 items-center gap-2.5 rounded-md px-2.5 font-medium text-note text-soft transition-colors hover:bg-hover hover:text-foreground aria-[current=page]:bg-hover aria-[current=page]:text-foreground [&_svg]:size-4 [&_svg]:shrink-0 aria-[current=page]:[&_svg]:text-link"
            >
              <Icon aria-hidden />
              {name}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
