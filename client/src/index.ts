// biome-ignore-all lint/performance/noBarrelFile: the entry point of a package is a list of what it has.
export type { Clock } from './clock.ts';
export { AppflowError } from './errors.ts';
export type { AppflowEvents } from './listeners.ts';
export type { AppflowStorage } from './storage.ts';
export { Appflow, type AppflowOptions } from './tracker.ts';
export type { Fetch } from './transport.ts';
export type { ErrorCode, EventContext } from './wire.ts';
