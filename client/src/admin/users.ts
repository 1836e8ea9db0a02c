import type { EraseQuery, Erasure } from '../api/users.ts';
import type { Caller, CallOptions } from './call.ts';

/** The people who use the apps. */
export type Users = {
  /**
   * Erases a person by any of their IDs. Usually done when it returns; if `status` is `pending`, follow it with `getErasure`.
   * @example
   * ```ts
   * const { status, erased } = await admin.users.erase('user_123', { app_id: 'all' });
   * console.log(status, erased.events);
   * ```
   */
  erase: (appUserId: string, query?: EraseQuery, options?: CallOptions) => Promise<Erasure>;
  /**
   * Returns how far an erasure is.
   * @example
   * ```ts
   * const { id } = await admin.users.erase('user_123', { app_id: 'all' });
   * console.log((await admin.users.getErasure(id)).status);
   * ```
   */
  getErasure: (id: string, options?: CallOptions) => Promise<Erasure>;
};

/** Returns the operations on people. */
export function createUsers({ call }: Caller): Users {
  return {
    erase: (id, query = {}, options) => call('users.erase', { id, query, options }),
    getErasure: (id, options) => call('users.getErasure', { id, options }),
  };
}
