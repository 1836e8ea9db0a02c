// biome-ignore-all lint/performance/noBarrelFile: the entry point of a package lists its exports.

export type { ErrorCode } from './api/error-code.ts';
export { AppflowError } from './api/errors.ts';
export type { EventContext } from './api/events.ts';
export type { Fetch } from './http/transport.ts';
export type { Clock } from './runtime/clock.ts';
export type { AppflowStorage } from './runtime/storage.ts';
export type { ReactNativePlatform } from './tracker/detect-context.ts';
export type { AppflowEvents, DroppedEvent } from './tracker/listeners.ts';
export type { TrackOptions } from './tracker/recorder.ts';
export type { AppflowOptions, UserProperties, UserPropertyChanges } from './tracker/tracker.ts';
export { Appflow } from './tracker/tracker.ts';
