import {
  type AnyRoute,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  notFound,
  redirect,
  retainSearchParams,
} from '@tanstack/react-router';
import type { MemberScope } from '../api/answers.ts';
import { appsQuery } from '../api/apps.ts';
import { queryClient } from '../api/query-client.ts';
import { isProbablySignedIn } from '../api/session.ts';
import { prefetchOverview } from '../pages/overview/overview-queries.ts';
import { NO_ACCESS, NotFound, PageError, PagePending } from '../shell/fallbacks.tsx';
import { findHome, isLastProject, rememberProject } from '../shell/home.ts';
import { Root } from '../shell/root.tsx';
import * as search from './page-search.ts';
import { requireSession } from './require-session.ts';
import { safeReturn } from './safe-return.ts';
import { pickText } from './search-values.ts';

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
  interface StaticDataRouteOption {
    /** The scope that a member needs to see the page. */
    scope?: MemberScope;
  }
}

const rootRoute = createRootRouteWithContext()({ component: Root, notFoundComponent: NotFound });

const indexRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: async () => {
    const home = findHome(await requireSession('/'));
    if (home === undefined) throw redirect({ to: '/new-project' });
    throw redirect({ to: '/p/$projectId/overview', params: { projectId: home.id } });
  },
});

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { return?: string } => {
    const path = safeReturn(search.return);
    return path === '/' ? {} : { return: path };
  },
  component: lazyRouteComponent(() => import('../pages/sign-in/sign-in-page.tsx'), 'SignInPage'),
});

const setupRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/setup',
  component: lazyRouteComponent(() => import('../pages/sign-in/setup-page.tsx'), 'SetupPage'),
});

const inviteRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/invite',
  component: lazyRouteComponent(() => import('../pages/sign-in/invite-page.tsx'), 'InvitePage'),
});

const resetRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/reset',
  component: lazyRouteComponent(() => import('../pages/sign-in/reset-page.tsx'), 'ResetPage'),
});

/** Starts loading what does not depend on the session: the page's code, and the apps of the last project. */
function startEarly(matches: readonly { routeId: string; params: { projectId?: string } }[]): void {
  const routes: Readonly<Record<string, AnyRoute>> = router.routesById;
  for (const { routeId } of matches) {
    const route = routes[routeId];
    if (route) void router.loadRouteChunk(route);
  }
  const projectId = matches.at(-1)?.params.projectId;
  if (projectId !== undefined && isProbablySignedIn() && isLastProject(projectId)) {
    void queryClient.prefetchQuery(appsQuery(projectId));
  }
}

const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'signed-in',
  beforeLoad: async ({ location, matches }) => {
    startEarly(matches);
    return { session: await requireSession(location.href) };
  },
});

const plainRoute = createRoute({
  getParentRoute: () => signedInRoute,
  id: 'plain',
  component: lazyRouteComponent(() => import('../shell/plain-frame.tsx'), 'PlainFrame'),
});

const newProjectRoute = createRoute({
  getParentRoute: () => plainRoute,
  path: '/new-project',
  component: lazyRouteComponent(() => import('../pages/new-project/new-project-page.tsx'), 'NewProjectPage'),
});

const accountRoute = createRoute({
  getParentRoute: () => plainRoute,
  path: '/account',
  component: lazyRouteComponent(() => import('../pages/account/account-page.tsx'), 'AccountPage'),
});

const installationRoute = createRoute({
  getParentRoute: () => plainRoute,
  path: '/installation',
  beforeLoad: ({ context }) => {
    if (!context.session.user.owns_installation) throw notFound();
  },
  component: lazyRouteComponent(
    () => import('../pages/installation/installation-page.tsx'),
    'InstallationPage',
  ),
});

const projectRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/p/$projectId',
  validateSearch: (search: Record<string, unknown>): { app?: string } => pickText(search, 'app'),
  search: { middlewares: [retainSearchParams(['app'])] },
  beforeLoad: ({ context, params }) => {
    if (!context.session.projects.some(({ id }) => id === params.projectId))
      throw notFound({ data: NO_ACCESS });
    rememberProject(params.projectId);
    void queryClient.prefetchQuery(appsQuery(params.projectId));
  },
  component: lazyRouteComponent(() => import('../shell/shell.tsx'), 'Shell'),
});

const projectIndexRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/',
  beforeLoad: ({ params }) => {
    throw redirect({ to: '/p/$projectId/overview', params });
  },
});

const overviewRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/overview',
  staticData: { scope: 'analytics:read' },
  validateSearch: search.overviewSearch,
  // Not awaited: the page shows what is still loading.
  loader: ({ params, location, cause }) => {
    if (cause === 'enter') void prefetchOverview(params.projectId, location.search);
  },
  component: lazyRouteComponent(() => import('../pages/overview/overview-page.tsx'), 'OverviewPage'),
});

const liveRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/live',
  staticData: { scope: 'analytics:read' },
  validateSearch: search.liveSearch,
  component: lazyRouteComponent(() => import('../pages/live/live-page.tsx'), 'LivePage'),
});

const eventsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/events',
  staticData: { scope: 'events:read' },
  validateSearch: search.eventsSearch,
  component: lazyRouteComponent(() => import('../pages/events/events-page.tsx'), 'EventsPage'),
});

const ingestionRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/ingestion',
  staticData: { scope: 'analytics:read' },
  validateSearch: search.ingestionSearch,
  component: lazyRouteComponent(() => import('../pages/ingestion/ingestion-page.tsx'), 'IngestionPage'),
});

const retentionRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/retention',
  staticData: { scope: 'analytics:read' },
  validateSearch: search.retentionSearch,
  component: lazyRouteComponent(() => import('../pages/retention/retention-page.tsx'), 'RetentionPage'),
});

const funnelsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/funnels',
  staticData: { scope: 'analytics:read' },
  validateSearch: search.funnelsSearch,
  component: lazyRouteComponent(() => import('../pages/funnels/funnels-page.tsx'), 'FunnelsPage'),
});

const usersRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/users',
  staticData: { scope: 'users:read' },
  validateSearch: search.usersSearch,
  component: lazyRouteComponent(() => import('../pages/users/users-page.tsx'), 'UsersPage'),
});

const userRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/users/$userId',
  staticData: { scope: 'users:read' },
  validateSearch: (search: Record<string, unknown>) => pickText(search, 'apps', 'open'),
  component: lazyRouteComponent(() => import('../pages/users/profile-page.tsx'), 'ProfilePage'),
});

const appsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/apps',
  staticData: { scope: 'apps:read' },
  component: lazyRouteComponent(() => import('../pages/apps/apps-page.tsx'), 'AppsPage'),
});

const docsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/docs',
  validateSearch: search.docsSearch,
  component: lazyRouteComponent(() => import('../pages/docs/docs-page.tsx'), 'DocsPage'),
});

const apiKeysRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/settings/api-keys',
  staticData: { scope: 'keys:read' },
  validateSearch: (search: Record<string, unknown>) =>
    pickText(search, 'type', 'status', 'q', 'key', 'tab', 'page', 'create'),
  component: lazyRouteComponent(() => import('../pages/api-keys/api-keys-page.tsx'), 'ApiKeysPage'),
});

const membersRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/settings/members',
  staticData: { scope: 'members:read' },
  component: lazyRouteComponent(() => import('../pages/members/members-page.tsx'), 'MembersPage'),
});

const auditLogRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/settings/audit-log',
  staticData: { scope: 'audit:read' },
  validateSearch: search.auditLogSearch,
  component: lazyRouteComponent(() => import('../pages/audit-log/audit-log-page.tsx'), 'AuditLogPage'),
});

const settingsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/settings/project',
  staticData: { scope: 'project:read' },
  component: lazyRouteComponent(() => import('../pages/project/project-page.tsx'), 'ProjectPage'),
});

const routeTree = rootRoute.addChildren([
  indexRoute,
  signInRoute,
  setupRoute,
  inviteRoute,
  resetRoute,
  signedInRoute.addChildren([
    plainRoute.addChildren([accountRoute, newProjectRoute, installationRoute]),
    projectRoute.addChildren([
      projectIndexRoute,
      overviewRoute,
      liveRoute,
      eventsRoute,
      ingestionRoute,
      retentionRoute,
      funnelsRoute,
      usersRoute,
      userRoute,
      appsRoute,
      docsRoute,
      apiKeysRoute,
      membersRoute,
      auditLogRoute,
      settingsRoute,
    ]),
  ]),
]);

/** Every page of the dashboard. The code of a page is loaded when it is first needed. */
export const router = createRouter({
  routeTree,
  defaultPreload: 'intent',
  defaultPendingMs: 150,
  defaultPendingComponent: PagePending,
  defaultErrorComponent: PageError,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});
