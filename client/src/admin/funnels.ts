import type { Funnel, FunnelChange, NewFunnel } from '../api/funnels.ts';
import type { CompleteList } from '../api/saved.ts';
import type { Caller, CallOptions, IdempotencyOptions } from './call.ts';

/** The saved funnels of the project. `admin.analytics.funnel` queries one. */
export type Funnels = {
  /**
   * Saves the steps of a funnel and returns it.
   * @example
   * ```ts
   * const steps = [{ event_name: 'trial_started' }, { event_name: 'purchase_complete' }];
   * const funnel = await admin.funnels.create({ name: 'Trial to purchase', definition: { steps } });
   * console.log(funnel.id);
   * ```
   */
  create: (funnel: NewFunnel, options?: IdempotencyOptions) => Promise<Funnel>;
  /**
   * Returns all saved funnels.
   * @example
   * ```ts
   * const { data } = await admin.funnels.list();
   * console.log(data.map(({ name }) => name));
   * ```
   */
  list: (options?: CallOptions) => Promise<CompleteList<Funnel>>;
  /**
   * Returns a saved funnel.
   * @example
   * ```ts
   * const steps = [{ event_name: 'trial_started' }, { event_name: 'purchase_complete' }];
   * const { id } = await admin.funnels.create({ name: 'Trial to purchase', definition: { steps } });
   * const { definition } = await admin.funnels.get(id);
   * console.log(definition.steps.length);
   * ```
   */
  get: (id: string, options?: CallOptions) => Promise<Funnel>;
  /**
   * Changes the name or the definition of a saved funnel and returns it.
   * @example
   * ```ts
   * const steps = [{ event_name: 'trial_started' }, { event_name: 'purchase_complete' }];
   * const { id } = await admin.funnels.create({ name: 'Trial', definition: { steps } });
   * await admin.funnels.update(id, { name: 'Trial to purchase' });
   * ```
   */
  update: (id: string, change: FunnelChange, options?: CallOptions) => Promise<Funnel>;
  /**
   * Deletes a saved funnel and returns it.
   * @example
   * ```ts
   * const steps = [{ event_name: 'trial_started' }, { event_name: 'purchase_complete' }];
   * const { id } = await admin.funnels.create({ name: 'A mistake', definition: { steps } });
   * await admin.funnels.delete(id);
   * ```
   */
  delete: (id: string, options?: CallOptions) => Promise<Funnel>;
};

/** Returns the operations of saved funnels. */
export function createFunnels({ call }: Caller): Funnels {
  return {
    create: (body, options) => call('funnels.create', { body, options }),
    list: (options) => call('funnels.list', { options }),
    get: (id, options) => call('funnels.get', { id, options }),
    update: (id, body, options) => call('funnels.update', { id, body, options }),
    delete: (id, options) => call('funnels.delete', { id, options }),
  };
}
