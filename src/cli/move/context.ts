import type { MovePlan } from './plan.ts';
import type { MoveProgress } from './progress.ts';

/** A move that runs. */
export type MoveContext = {
  plan: MovePlan;
  /** The ID of the installation. */
  storeId: string;
  progress: MoveProgress;
  signal: AbortSignal;
};
