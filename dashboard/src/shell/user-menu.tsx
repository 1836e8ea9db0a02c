import { useNavigate } from '@tanstack/react-router';
import { ChevronsUpDown, LogOut, Monitor, Moon, Server, Sun, UserRound } from 'lucide-react';
import { useSession } from '../api/session.ts';
import {
  Menu,
  MenuContent,
  MenuItem,
  MenuLabel,
  MenuRadioGroup,
  MenuRadioItem,
  MenuSeparator,
  MenuTrigger,
} from '../components/ui/menu.tsx';
import { useSignOut } from './sign-out-button.tsx';
import { chooseTheme, type ThemeChoice } from './theme.ts';
import { useThemeChoice } from './use-theme.ts';

const THEMES = [
  { value: 'system', label: 'System', icon: Monitor },
  { value: 'light', label: 'Light', icon: Sun },
  { value: 'dark', label: 'Dark', icon: Moon },
] as const;

/** The signed-in person: account, theme, sign-out. */
export function UserMenu({ side = 'top' }: { side?: 'top' | 'bottom' }) {
  const { user } = useSession();
  const theme = useThemeChoice();
  const navigate = useNavigate();
  const leave = useSignOut();
  return (
    <Menu>
      <MenuTrigger className="flex h-11 w-full items-center gap-2.5 rounded-md px-2 text-left transition-colors hover:bg-hover">
        <Initials name={user.name} />
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium text-note leading-5">
            <span className="sr-only">Account: </span>
            {user.name}
          </span>
          <span className="block truncate text-soft text-xs leading-4">{user.email}</span>
        </span>
        <ChevronsUpDown className="size-3.5 shrink-0 text-soft" aria-hidden />
      </MenuTrigger>
      <MenuContent align="start" side={side} className="w-[var(--radix-dropdown-menu-trigger-width)]">
        <MenuItem onSelect={() => void navigate({ to: '/account' })}>
          <UserRound aria-hidden />
          Account and security
        </MenuItem>
        {user.owns_installation && (
          <MenuItem onSelect={() => void navigate({ to: '/installation' })}>
            <Server aria-hidden />
            Installation
          </MenuItem>
        )}
        <MenuSeparator />
        <MenuLabel>Theme</MenuLabel>
        <MenuRadioGroup value={theme} onValueChange={(chosen) => chooseTheme(chosen as ThemeChoice)}>
          {THEMES.map(({ value, label, icon: Icon }) => (
            <MenuRadioItem key={value} value={value}>
              <Icon aria-hidden />
              {label}
            </MenuRadioItem>
          ))}
        </MenuRadioGroup>
        <MenuSeparator />
        <MenuItem onSelect={() => leave.mutate()}>
          <LogOut aria-hidden />
          Sign out
        </MenuItem>
      </MenuContent>
    </Menu>
  );
}

/** A person's initials in a circle, instead of a picture. */
export function Initials({ name }: { name: string }) {
  const letters = name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? '')
    .join('');
  return (
    <span
      aria-hidden
      className="grid size-7 shrink-0 place-items-center rounded-full bg-info-soft font-semibold text-[0.6875rem] text-link uppercase"
    >
      {letters}
    </span>
  );
}
