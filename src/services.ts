import type { Config } from './config.ts';
import type { Control } from './control/open.ts';
import type { Audit } from './keys/audit.ts';
import type { Directory } from './keys/directory.ts';
import type { Pepper } from './keys/secret.ts';
import type { Clock } from './lib/clock.ts';
import type { Log } from './lib/log.ts';
import type { Limiter } from './limits/limiter.ts';
import type { Warehouse } from './warehouse/open.ts';

/** What handlers get: one plain record, made in main.ts, passed along, never global. */
export type Services = {
  config: Config;
  control: Control;
  directory: Directory;
  warehouse: Warehouse;
  limiter: Limiter;
  pepper: Pepper;
  audit: Audit;
  clock: Clock;
  log: Log;
};
