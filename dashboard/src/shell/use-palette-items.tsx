import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Copy, KeyRound, LogOut, Moon, Plus, Server, Sun, UserRound } from 'lucide-react';
import { toast } from 'sonner';
import { useCurrentApp } from '../api/apps.ts';
import { keysQuery } from '../api/keys.ts';
import { useProject } from '../api/project.ts';
import { useSession } from '../api/session.ts';
import { copyText } from '../components/copy-text.ts';
import { PlatformIcon } from '../components/platform.tsx';
import type { PaletteItem } from './find-items.ts';
import { NAVIGATION } from './navigation.ts';
import { useSignOut } from './sign-out-button.tsx';
import { chooseTheme } from './theme.ts';
import { useIsDark } from './use-theme.ts';

/** Returns everything that the person can open or do here. `typed` is what they look for. */
export function usePaletteItems(typed: string): PaletteItem[] {
  return [
    ...usePages(),
    ...useInstallation(),
    ...useApps(),
    ...useKeys(),
    ...useUsers(typed),
    ...useActions(),
  ];
}

function usePages(): PaletteItem[] {
  const { project, can } = useProject();
  const navigate = useNavigate();
  return NAVIGATION.flatMap(({ label, items }) =>
    items
      .filter(({ scope }) => scope === undefined || can(scope))
      .map(
        ({ to, label: name, icon: Icon }): PaletteItem => ({
          id: to,
          group: 'Pages',
          name,
          keywords: label,
          icon: <Icon aria-hidden />,
          run: () => void navigate({ to, params: { projectId: project.id } }),
        }),
      ),
  );
}

/** Only the owner of the installation has its page. */
function useInstallation(): PaletteItem[] {
  const { user } = useSession();
  const navigate = useNavigate();
  if (!user.owns_installation) return [];
  return [
    {
      id: '/installation',
      group: 'Pages',
      name: 'Installation',
      keywords: 'instance version uptime disk server storage',
      icon: <Server aria-hidden />,
      run: () => void navigate({ to: '/installation' }),
    },
  ];
}

function useApps(): PaletteItem[] {
  const { can } = useProject();
  const { apps, app: current } = useCurrentApp();
  const navigate = useNavigate();
  if (!can('apps:read') || apps.length < 2) return [];
  return apps.map(({ id, name, platform }) => ({
    id,
    group: 'Apps',
    name,
    keywords: `${id} app`,
    icon: <PlatformIcon platform={platform} />,
    ...(id === current?.id && { aside: 'Current app' }),
    run: () =>
      // Each app has a currency of its own.
      void navigate({ to: '.', search: ({ currency: _, apps: __, ...search }) => ({ ...search, app: id }) }),
  }));
}

function useKeys(): PaletteItem[] {
  const { project, can } = useProject();
  const navigate = useNavigate();
  const { data = [] } = useQuery({ ...keysQuery(project.id), enabled: can('keys:read') });
  const toKey = (key: string) =>
    void navigate({
      to: '/p/$projectId/settings/api-keys',
      params: { projectId: project.id },
      search: (search) => ({ ...(search.app && { app: search.app }), key }),
    });
  return data.map(({ id, name, hint, status }) => ({
    id,
    group: 'API keys',
    name,
    keywords: `${id} ${hint} key`,
    icon: <KeyRound aria-hidden />,
    aside: status === 'active' ? hint : status,
    run: () => toKey(id),
  }));
}

/** What is typed may be a user's ID: their events are one step away. */
function useUsers(typed: string): PaletteItem[] {
  const { project, can } = useProject();
  const navigate = useNavigate();
  const user = typed.trim();
  if (user === '' || !can('events:read')) return [];
  return [
    {
      id: 'user-events',
      group: 'Users',
      name: `Events of user ${user}`,
      keywords: typed,
      icon: <UserRound aria-hidden />,
      run: () =>
        void navigate({
          to: '/p/$projectId/events',
          params: { projectId: project.id },
          search: (search) => ({ ...(search.app && { app: search.app }), user }),
        }),
    },
  ];
}

function useActions(): PaletteItem[] {
  const { project, can } = useProject();
  const { app } = useCurrentApp();
  const navigate = useNavigate();
  const isDark = useIsDark();
  const leave = useSignOut();
  const copy = async (what: string, text: string) => {
    if (await copyText(text)) toast.success(`Copied the ${what}`);
    else toast.error(`Couldn't copy. The ${what} is ${text}`);
  };
  const toKeys = () =>
    void navigate({
      to: '/p/$projectId/settings/api-keys',
      params: { projectId: project.id },
      search: (search) => ({ ...(search.app && { app: search.app }), create: '1' }),
    });
  const action = (name: string, icon: PaletteItem['icon'], run: () => void, keywords = ''): PaletteItem => ({
    id: name,
    group: 'Actions',
    name,
    keywords,
    icon,
    run,
  });
  return [
    ...(can('keys:write') ? [action('Create API key', <Plus aria-hidden />, toKeys, 'new add')] : []),
    action('Copy project ID', <Copy aria-hidden />, () => void copy('project ID', project.id), project.id),
    ...(app ? [action('Copy app ID', <Copy aria-hidden />, () => void copy('app ID', app.id), app.id)] : []),
    isDark
      ? action('Use light theme', <Sun aria-hidden />, () => chooseTheme('light'), 'appearance mode')
      : action('Use dark theme', <Moon aria-hidden />, () => chooseTheme('dark'), 'appearance mode'),
    action(
      'Account and security',
      <UserRound aria-hidden />,
      () => void navigate({ to: '/account' }),
      'password',
    ),
    action('Sign out', <LogOut aria-hidden />, () => leave.mutate(), 'log out'),
  ];
}
