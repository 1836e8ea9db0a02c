import type { Attack } from './attack.ts';
import { garbage } from './garbage.ts';
import { unknownKeys } from './unknown-keys.ts';

/** Every attack that runs beside normal load, see test/long/attacks.test.ts. */
export const ATTACKS: readonly Attack[] = [garbage, unknownKeys];
