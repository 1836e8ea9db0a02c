import type { Page } from '../api/list.ts';
import type { App, AppChange, AppQuery, NewApp } from '../api/projects.ts';
import type { Caller, CallOptions, IdempotencyOptions } from './call.ts';
import { readPages } from './pagination.ts';

/** The apps of the key's project. */
export type Apps = {
  /**
   * Creates an app and returns it.
   * @example
   * ```ts
   * const app = await admin.apps.create({ name: 'Notes for iOS', platform: 'ios', timezone: 'Europe/Berlin' });
   * console.log(app.id);
   * ```
   */
  create: (app: NewApp, options?: IdempotencyOptions) => Promise<App>;
  /**
   * Returns a page of apps, newest first.
   * @example
   * ```ts
   * const { data } = await admin.apps.list({ limit: 10 });
   * console.log(data.map(({ name }) => name));
   * ```
   */
  list: (query?: AppQuery, options?: CallOptions) => Promise<Page<App>>;
  /**
   * Yields every app, newest first.
   * @example
   * ```ts
   * for await (const app of admin.apps.all()) console.log(app.id, app.name);
   * ```
   */
  all: (query?: AppQuery, options?: CallOptions) => AsyncGenerator<App, void, undefined>;
  /**
   * Returns an app.
   * @example
   * ```ts
   * const app = await admin.apps.get(appId);
   * console.log(app.currency);
   * ```
   */
  get: (id: string, options?: CallOptions) => Promise<App>;
  /**
   * Updates an app, or restores a deleted one (`{ deleted: false }`), and returns it.
   * @example
   * ```ts
   * await admin.apps.update(appId, { name: 'Notes', currency: 'EUR' });
   * ```
   */
  update: (id: string, change: AppChange, options?: CallOptions) => Promise<App>;
  /**
   * Deletes an app and returns it; `update` can restore it for 30 days.
   * @example
   * ```ts
   * const { id } = await admin.apps.create({ name: 'A mistake', platform: 'web' });
   * await admin.apps.delete(id);
   * ```
   */
  delete: (id: string, options?: CallOptions) => Promise<App>;
};

/** Returns the app operations. */
export function createApps({ call }: Caller): Apps {
  const list: Apps['list'] = (query = {}, options) => call('apps.list', { query, options });
  return {
    create: (body, options) => call('apps.create', { body, options }),
    list,
    all: (query = {}, options) => readPages((page) => list(page, options), query),
    get: (id, options) => call('apps.get', { id, options }),
    update: (id, body, options) => call('apps.update', { id, body, options }),
    delete: (id, options) => call('apps.delete', { id, options }),
  };
}
