// biome-ignore-all lint/performance/noBarrelFile: the entry point of a package is a list of what it has.
export type { Clock } from './clock.ts';
export { AppflowError } from './errors.ts';
export type { AppflowEvents } from './report.ts';
export type { AppflowStorage } from './storage.ts';
export { Appflow } from './tracker.ts';
export type { AppflowOptions } from './tracker-options.ts';
export type { Fetch } from './transport.ts';
export type { ErrorCode, EventContext } from './wire.ts';
