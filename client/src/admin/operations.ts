import type { Category, GateName } from '../retry/gate-registry.ts';

/**
 * One operation of the API: `{…}` in the path is a parameter, `category` is the rate limit it counts toward, `gate` is the
 * rate-limit gate, if it is not that of the category.
 */
export type Operation = {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  category: Category;
  gate?: GateName;
};

/** Every operation by method name. A test keeps the table equal to the server's list of routes. */
export const OPERATIONS = {
  'events.send': { method: 'POST', path: '/v1/events', category: 'events' },
  'events.search': { method: 'GET', path: '/v1/events', category: 'analytics' },
  'events.histogram': { method: 'GET', path: '/v1/events/histogram', category: 'analytics' },
  'events.export': { method: 'GET', path: '/v1/events/export', category: 'analytics' },
  // Concurrent streams have a limit of their own: one too many must not block queries.
  'events.stream': { method: 'GET', path: '/v1/events/stream', category: 'analytics', gate: 'streams' },
  'ingestion.report': { method: 'GET', path: '/v1/ingestion', category: 'analytics' },
  'ingestion.collisions': { method: 'GET', path: '/v1/ingestion/name-collisions', category: 'analytics' },
  'ingestion.samples': { method: 'GET', path: '/v1/ingestion/samples', category: 'analytics' },
  'analytics.daily': { method: 'GET', path: '/v1/analytics/daily', category: 'analytics' },
  'analytics.hourly': { method: 'GET', path: '/v1/analytics/hourly', category: 'analytics' },
  'analytics.users': { method: 'GET', path: '/v1/analytics/users', category: 'analytics' },
  'analytics.breakdown': { method: 'GET', path: '/v1/analytics/breakdown', category: 'analytics' },
  'analytics.live': { method: 'GET', path: '/v1/analytics/live', category: 'analytics' },
  'analytics.retention': { method: 'GET', path: '/v1/analytics/retention', category: 'analytics' },
  'analytics.funnel': { method: 'POST', path: '/v1/analytics/funnel', category: 'analytics' },
  'users.list': { method: 'GET', path: '/v1/users', category: 'analytics' },
  'users.get': { method: 'GET', path: '/v1/users/{app_user_id}', category: 'analytics' },
  'users.timeline': { method: 'GET', path: '/v1/users/{app_user_id}/timeline', category: 'analytics' },
  'apps.create': { method: 'POST', path: '/v1/apps', category: 'management' },
  'apps.list': { method: 'GET', path: '/v1/apps', category: 'management' },
  'apps.get': { method: 'GET', path: '/v1/apps/{id}', category: 'management' },
  'apps.update': { method: 'PATCH', path: '/v1/apps/{id}', category: 'management' },
  'apps.delete': { method: 'DELETE', path: '/v1/apps/{id}', category: 'management' },
  'users.erase': { method: 'DELETE', path: '/v1/users/{app_user_id}', category: 'management' },
  'users.getErasure': { method: 'GET', path: '/v1/erasures/{id}', category: 'management' },
  'project.get': { method: 'GET', path: '/v1/project', category: 'management' },
  'project.update': { method: 'PATCH', path: '/v1/project', category: 'management' },
  'apiKeys.create': { method: 'POST', path: '/v1/api-keys', category: 'management' },
  'apiKeys.list': { method: 'GET', path: '/v1/api-keys', category: 'management' },
  'apiKeys.self': { method: 'GET', path: '/v1/api-keys/self', category: 'management' },
  'apiKeys.revokeSelf': { method: 'POST', path: '/v1/api-keys/self/revoke', category: 'management' },
  'apiKeys.get': { method: 'GET', path: '/v1/api-keys/{id}', category: 'management' },
  'apiKeys.usage': { method: 'GET', path: '/v1/api-keys/{id}/usage', category: 'management' },
  'apiKeys.update': { method: 'PATCH', path: '/v1/api-keys/{id}', category: 'management' },
  'apiKeys.rotate': { method: 'POST', path: '/v1/api-keys/{id}/rotate', category: 'management' },
  'apiKeys.endGrace': { method: 'POST', path: '/v1/api-keys/{id}/end-grace', category: 'management' },
  'apiKeys.revoke': { method: 'DELETE', path: '/v1/api-keys/{id}', category: 'management' },
  'apiKeys.restore': { method: 'POST', path: '/v1/api-keys/{id}/restore', category: 'management' },
  'annotations.create': { method: 'POST', path: '/v1/annotations', category: 'management' },
  'annotations.list': { method: 'GET', path: '/v1/annotations', category: 'management' },
  'annotations.delete': { method: 'DELETE', path: '/v1/annotations/{id}', category: 'management' },
  'views.create': { method: 'POST', path: '/v1/views', category: 'management' },
  'views.list': { method: 'GET', path: '/v1/views', category: 'management' },
  'views.update': { method: 'PATCH', path: '/v1/views/{id}', category: 'management' },
  'views.delete': { method: 'DELETE', path: '/v1/views/{id}', category: 'management' },
  'funnels.create': { method: 'POST', path: '/v1/funnels', category: 'management' },
  'funnels.list': { method: 'GET', path: '/v1/funnels', category: 'management' },
  'funnels.get': { method: 'GET', path: '/v1/funnels/{id}', category: 'management' },
  'funnels.update': { method: 'PATCH', path: '/v1/funnels/{id}', category: 'management' },
  'funnels.delete': { method: 'DELETE', path: '/v1/funnels/{id}', category: 'management' },
  'auditLog.list': { method: 'GET', path: '/v1/audit-log', category: 'management' },
  'auditLog.export': { method: 'GET', path: '/v1/audit-log/export', category: 'management' },
} as const satisfies Record<string, Operation>;

/** The name of an operation: its group and method. */
export type OperationName = keyof typeof OPERATIONS;
