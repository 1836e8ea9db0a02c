import type { CompleteList, NewView, View, ViewChange } from '../api/saved.ts';
import type { Caller, CallOptions, IdempotencyOptions } from './call.ts';

/** The saved views of the dashboard. */
export type Views = {
  /**
   * Saves the filters of a page and returns the view.
   * @example
   * ```ts
   * const view = await admin.views.create({ page: 'events', name: 'Germany', search: 'range=30d&country=DE' });
   * console.log(view.id);
   * ```
   */
  create: (view: NewView, options?: IdempotencyOptions) => Promise<View>;
  /**
   * Returns all saved views.
   * @example
   * ```ts
   * const { data } = await admin.views.list();
   * console.log(data.map(({ name }) => name));
   * ```
   */
  list: (options?: CallOptions) => Promise<CompleteList<View>>;
  /**
   * Changes the name or the filters of a saved view and returns it.
   * @example
   * ```ts
   * const { id } = await admin.views.create({ page: 'overview', name: 'Quarter', search: 'range=90d' });
   * await admin.views.update(id, { name: 'Last 90 days' });
   * ```
   */
  update: (id: string, change: ViewChange, options?: CallOptions) => Promise<View>;
  /**
   * Deletes a saved view and returns it.
   * @example
   * ```ts
   * const { id } = await admin.views.create({ page: 'overview', name: 'A mistake', search: '' });
   * await admin.views.delete(id);
   * ```
   */
  delete: (id: string, options?: CallOptions) => Promise<View>;
};

/** Returns the operations of saved views. */
export function createViews({ call }: Caller): Views {
  return {
    create: (body, options) => call('views.create', { body, options }),
    list: (options) => call('views.list', { options }),
    update: (id, body, options) => call('views.update', { id, body, options }),
    delete: (id, options) => call('views.delete', { id, options }),
  };
}
