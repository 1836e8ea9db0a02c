import {
  Activity,
  AppWindow,
  BookOpen,
  ChartNoAxesColumn,
  Filter,
  Grid3x3,
  HeartPulse,
  KeyRound,
  List,
  type LucideIcon,
  ScrollText,
  SlidersHorizontal,
  UserRound,
  Users,
} from 'lucide-react';
import type { MemberScope } from '../api/answers.ts';

type Destination =
  | '/p/$projectId/overview'
  | '/p/$projectId/live'
  | '/p/$projectId/events'
  | '/p/$projectId/ingestion'
  | '/p/$projectId/retention'
  | '/p/$projectId/funnels'
  | '/p/$projectId/users'
  | '/p/$projectId/apps'
  | '/p/$projectId/docs'
  | '/p/$projectId/settings/api-keys'
  | '/p/$projectId/settings/members'
  | '/p/$projectId/settings/audit-log'
  | '/p/$projectId/settings/project';

export type NavigationItem = { to: Destination; label: string; icon: LucideIcon; scope?: MemberScope };

/** The sidebar. Items without permission are left out. */
export const NAVIGATION: readonly { label: string; items: readonly NavigationItem[] }[] = [
  {
    label: 'Analytics',
    items: [
      { to: '/p/$projectId/overview', label: 'Overview', icon: ChartNoAxesColumn, scope: 'analytics:read' },
      { to: '/p/$projectId/live', label: 'Live', icon: Activity, scope: 'analytics:read' },
      { to: '/p/$projectId/events', label: 'Events', icon: List, scope: 'events:read' },
      { to: '/p/$projectId/retention', label: 'Retention', icon: Grid3x3, scope: 'analytics:read' },
      { to: '/p/$projectId/funnels', label: 'Funnels', icon: Filter, scope: 'analytics:read' },
      { to: '/p/$projectId/users', label: 'Users', icon: UserRound, scope: 'users:read' },
    ],
  },
  {
    label: 'Build',
    items: [
      { to: '/p/$projectId/apps', label: 'Apps', icon: AppWindow, scope: 'apps:read' },
      {
        to: '/p/$projectId/ingestion',
        label: 'Ingestion health',
        icon: HeartPulse,
        scope: 'analytics:read',
      },
      { to: '/p/$projectId/docs', label: 'Docs', icon: BookOpen },
    ],
  },
  {
    label: 'Settings',
    items: [
      { to: '/p/$projectId/settings/api-keys', label: 'API keys', icon: KeyRound, scope: 'keys:read' },
      { to: '/p/$projectId/settings/members', label: 'Members', icon: Users, scope: 'members:read' },
      { to: '/p/$projectId/settings/audit-log', label: 'Audit log', icon: ScrollText, scope: 'audit:read' },
      {
        to: '/p/$projectId/settings/project',
        label: 'Project',
        icon: SlidersHorizontal,
        scope: 'project:read',
      },
    ],
  },
];
