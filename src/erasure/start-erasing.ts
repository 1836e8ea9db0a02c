import type { Directory } from '../directory/directory.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Warehouse } from '../warehouse/open.ts';
import type { Eraser } from './eraser.ts';
import type { ErasureStore } from './erasure-services.ts';
import { findPersonBy } from './person-ids.ts';
import { startRetention } from './retention.ts';

/** What erasing people and deleting old events needs. */
export type ErasingServices = {
  warehouse: Warehouse;
  eraser: Eraser;
  directory: Directory;
  clock: Clock;
  log: Log;
};

/** Starts erasing people and deleting old events. Returns the function that stops both. */
export function startErasing(
  services: ErasingServices,
  { invalidateDays = async () => {}, forgetPerson = async () => {} }: Partial<ErasureStore> = {},
): () => Promise<void> {
  const { warehouse, eraser } = services;
  eraser.start({ warehouse, findPerson: findPersonBy(warehouse), invalidateDays, forgetPerson });
  const stopRetention = startRetention({ ...services, invalidateDays });
  return async () => {
    await Promise.all([eraser.stop(), stopRetention()]);
  };
}
