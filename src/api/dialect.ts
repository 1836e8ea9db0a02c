import type { TSchema } from 'typebox';
import type { ErrorCode } from './error-codes.ts';
import type { ApiError } from './errors.ts';

/**
 * What a refusal means to an SDK. `paused`: someone in the project can undo it, such as a disabled key, so the events must
 * stay on the device.
 */
export type RefusalState =
  | 'unreadable'
  | 'too_large'
  | 'bad_key'
  | 'not_allowed'
  | 'paused'
  | 'over_limit'
  | 'unavailable';

/** How a dialect answers a state. With `retryAfter`, `Retry-After` is sent, in seconds between these bounds. */
export type RefusalRule = { status: number; retryAfter?: { min: number; max: number } };

/** For what someone in the project can undo: devices wait as long as their SDKs allow, and keep their events. */
export const PAUSE: RefusalRule = { status: 503, retryAfter: { min: 300, max: 300 } };

/** What most dialects answer: the usual status for what is final, and a pause for what someone in the project can undo. */
export const USUAL_STATES = {
  unreadable: { status: 400 },
  too_large: { status: 413 },
  bad_key: { status: 401 },
  not_allowed: { status: 403 },
  paused: PAUSE,
} as const satisfies Partial<Record<RefusalState, RefusalRule>>;

/** The vendors with SDKs of their own, as keys and ingestion health name them. */
export const SDK_IDS = [
  ...(['posthog', 'segment', 'rudderstack', 'amplitude'] as const),
  ...(['jitsu', 'openpanel', 'aptabase', 'mixpanel'] as const),
] as const;

/** One of `SDK_IDS`. */
export type SdkId = (typeof SDK_IDS)[number];

/** What a key can be restricted to: `POST /v1/events`, which Appflow's client calls, and the SDKs of other vendors. */
export const KEY_SDKS = ['appflow', ...SDK_IDS] as const;

/** One of `KEY_SDKS`. */
export type KeySdk = (typeof KEY_SDKS)[number];

/**
 * What makes a route one of another vendor's SDK: where its key is, and how its refusals are answered. SDKs differ in what
 * they do with a status: one waits, another deletes its events.
 */
export type Dialect = {
  /** The vendor. On a path that several share, `variants` have their own. */
  id: SdkId;
  /** Such as `PostHog`, for the documentation. */
  name: string;
  /**
   * Returns what is where SDKs put a key in a body, of any type. The first is the key of the request; the others are only searched for
   * secret keys.
   */
  listBodyKeys?: (body: unknown) => unknown[];
  /** The query parameter with the key, for SDKs that send it there. */
  keyParameter?: string;
  /** Headers with the key besides `Authorization`, in lower case. The key follows the last `after`. */
  keyHeaders?: readonly { name: string; after?: string }[];
  /** Names of headers: one that answers repeat, one with the time of the device, and one with the name and version of the SDK. */
  headers?: { echoed: string; sentAt: string; sdk: string };
  states: Readonly<Record<RefusalState, RefusalRule>>;
  /** Other dialects on the same path, and which bodies are in them. They share the body of errors and where the key is. */
  variants?: readonly { dialect: Dialect; hasBody: (body: unknown) => boolean }[];
  /** What replaces the body of an error, and its schema. Without it, errors are problems (RFC 9457) with this status. */
  error?: {
    schema: TSchema;
    render: (error: ApiError, rule: RefusalRule, presentedKey: string | undefined) => object;
    /** Whether all that the body repeats of the request is its client key, which SDKs compare with their own. */
    repeatsKey: (error: ApiError, presentedKey: string | undefined) => boolean;
  };
};

/**
 * What an SDK sent: its vendor, its key, wherever it was, the host that it reaches the server by, and what its `headers` say, if it has
 * any.
 */
export type SentToDialect = {
  sdkId: SdkId | undefined;
  key: string;
  host: string;
  sentAt: string | undefined;
  sdk: string | undefined;
};

/** Returns the dialect that the body of a request is in; undefined for routes that are not of one. */
export const findDialect = (dialect: Dialect | undefined, body: unknown): Dialect | undefined =>
  dialect?.variants?.find(({ hasBody }) => hasBody(body))?.dialect ?? dialect;

/**
 * Returns the SDKs that a request to write events may come from. Where SDKs share a path, its body shows which one it is, `sdkId`: until
 * that is read, all of them.
 */
export function listPossibleSdks(dialect: Dialect | undefined, sdkId: SdkId | undefined): KeySdk[] {
  if (!dialect) return ['appflow'];
  if (sdkId) return [sdkId];
  return [dialect.id, ...(dialect.variants ?? []).map((variant) => variant.dialect.id)];
}

/** What someone in the project can undo. */
const PAUSED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'api_key_disabled',
  'ip_not_allowed',
  'origin_not_allowed',
  'sdk_not_allowed',
  'insufficient_scope',
  'app_required',
  'app_not_allowed',
  'not_found',
]);

type Refused = Pick<ApiError, 'code' | 'status' | 'isReversible'>;

const BY_STATUS: Partial<Record<number, RefusalState>> = {
  401: 'bad_key',
  403: 'not_allowed',
  408: 'unavailable',
  413: 'too_large',
  429: 'over_limit',
};

/** Returns what an error means to an SDK. */
export function findRefusalState({ code, status, isReversible }: Refused): RefusalState {
  if (isReversible || PAUSED.has(code)) return 'paused';
  if (status >= 500) return 'unavailable';
  return BY_STATUS[status] ?? 'unreadable';
}
