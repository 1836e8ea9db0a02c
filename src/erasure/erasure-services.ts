import type { ChangeServices } from '../audit/audit.ts';
import type { Log } from '../lib/log.ts';
import type { Warehouse } from '../warehouse/open.ts';
import type { ErasureKey } from './erasure-key.ts';
import type { AppPlan } from './erasure-record.ts';
import type { FindPersonInApp } from './person-ids.ts';
import type { InvalidateDays } from './rolled-days.ts';
import type { Tombstones } from './tombstones.ts';

/** What erasing a person needs of the control database. */
export type ErasureControl = Omit<ChangeServices, 'directory'> & {
  erasureKey: ErasureKey;
  tombstones: Tombstones;
  log: Log;
};

/** What erasing a person needs of the event store. */
export type ErasureStore = {
  warehouse: Pick<Warehouse, 'query' | 'settled' | 'deleteEvents' | 'forgetIds'>;
  findPerson: FindPersonInApp;
  /** Lets the rollups of these days be derived again. */
  invalidateDays: InvalidateDays;
  /** Deletes what else is kept of a person, such as samples of rejected events. May run again. */
  forgetPerson: (projectId: string, plan: AppPlan) => Promise<void>;
};

/** What erasing a person needs. */
export type ErasureServices = ErasureControl & ErasureStore;
