import type {
  ApiKey,
  KeyChange,
  KeyQuery,
  LeakReport,
  MintedKey,
  NewKey,
  OwnKey,
  Page,
  RevokeReason,
  Rotation,
  UsageHour,
  UsageQuery,
} from '../api/wire.ts';
import type { Caller, CallOptions, IntentOptions } from './call.ts';
import { readPages } from './pagination.ts';

/** The API keys of the key's project. */
export type ApiKeys = {
  /**
   * Makes a key and returns it with its secret under `key`, which is never shown again.
   * @example
   * ```ts
   * const { id, key } = await admin.apiKeys.create({ name: 'Production iOS', type: 'client' });
   * console.log(id, key.slice(0, 7));
   * ```
   */
  create: (key: NewKey, options?: IntentOptions) => Promise<MintedKey>;
  /**
   * Returns a page of the keys, newest first.
   * @example
   * ```ts
   * const { data } = await admin.apiKeys.list({ type: 'client', status: 'active' });
   * console.log(data.map(({ name, hint }) => `${name} ${hint}`));
   * ```
   */
  list: (query?: KeyQuery, options?: CallOptions) => Promise<Page<ApiKey>>;
  /**
   * Yields every key, newest first.
   * @example
   * ```ts
   * for await (const key of admin.apiKeys.all({ unused_for_days: 90 })) console.log(key.id);
   * ```
   */
  all: (query?: KeyQuery, options?: CallOptions) => AsyncGenerator<ApiKey, void, undefined>;
  /**
   * Returns what this client's own key is and can do.
   * @example
   * ```ts
   * const { type, scopes } = await admin.apiKeys.self();
   * console.log(type, scopes);
   * ```
   */
  self: (options?: CallOptions) => Promise<OwnKey>;
  /**
   * Revokes this client's own key as leaked. Of a client key, which every phone holds, it is only a report.
   * @example
   * ```ts
   * const { key } = await admin.apiKeys.create({ name: 'Leaked', type: 'server' });
   * await new AppflowAdmin({ apiKey: key, baseUrl }).apiKeys.revokeSelf();
   * ```
   */
  revokeSelf: (options?: IntentOptions) => Promise<LeakReport | undefined>;
  /**
   * Returns a key.
   * @example
   * ```ts
   * const { id } = await admin.apiKeys.self();
   * const { status, last_used_at } = await admin.apiKeys.get(id);
   * console.log(status, last_used_at);
   * ```
   */
  get: (id: string, options?: CallOptions) => Promise<ApiKey>;
  /**
   * Returns how many requests were made with a key, by hour, category and outcome.
   * @example
   * ```ts
   * const { id } = await admin.apiKeys.self();
   * const { data } = await admin.apiKeys.usage(id);
   * console.log(data.reduce((sum, hour) => sum + hour.limited, 0));
   * ```
   */
  usage: (id: string, query?: UsageQuery, options?: CallOptions) => Promise<{ data: UsageHour[] }>;
  /**
   * Changes a key and returns it. With `ifMatch` (a record's `etag`) only if nobody was faster.
   * @example
   * ```ts
   * const { id, etag } = await admin.apiKeys.create({ name: 'Nightly', type: 'read_only' });
   * await admin.apiKeys.update(id, { name: 'Nightly report' }, { ifMatch: etag });
   * ```
   */
  update: (id: string, change: KeyChange, options?: CallOptions & { ifMatch?: string }) => Promise<ApiKey>;
  /**
   * Gives a key a new secret and returns it; the former one works on for its grace.
   * @example
   * ```ts
   * const { id } = await admin.apiKeys.create({ name: 'Backend', type: 'server' });
   * const { key } = await admin.apiKeys.rotate(id, { grace_seconds: 3600 });
   * console.log(key.slice(0, 7));
   * ```
   */
  rotate: (id: string, rotation?: Rotation, options?: IntentOptions) => Promise<MintedKey>;
  /**
   * Ends the former secret of a rotated key at once and returns the key.
   * @example
   * ```ts
   * const { id } = await admin.apiKeys.create({ name: 'Backend', type: 'server' });
   * await admin.apiKeys.rotate(id);
   * await admin.apiKeys.endGrace(id);
   * ```
   */
  endGrace: (id: string, options?: IntentOptions) => Promise<ApiKey>;
  /**
   * Revokes a key at once and returns it.
   * @example
   * ```ts
   * const { id } = await admin.apiKeys.create({ name: 'Trial', type: 'read_only' });
   * await admin.apiKeys.revoke(id, 'unused');
   * ```
   */
  revoke: (id: string, reason?: RevokeReason, options?: CallOptions) => Promise<ApiKey>;
  /**
   * Takes back a revocation, within 60 minutes and unless the key leaked, and returns the key.
   * @example
   * ```ts
   * const { id } = await admin.apiKeys.create({ name: 'Trial', type: 'read_only' });
   * await admin.apiKeys.revoke(id);
   * await admin.apiKeys.restore(id);
   * ```
   */
  restore: (id: string, options?: IntentOptions) => Promise<ApiKey>;
};

/** Returns the operations on keys. */
export function createApiKeys({ call }: Caller): ApiKeys {
  const list: ApiKeys['list'] = (query = {}, options) => call('apiKeys.list', { query, options });
  return {
    create: (body, options) => call('apiKeys.create', { body, options }),
    list,
    all: (query = {}, options) => readPages((page) => list(page, options), query),
    self: (options) => call('apiKeys.self', { options }),
    revokeSelf: (options) => call('apiKeys.revokeSelf', { options }),
    get: (id, options) => call('apiKeys.get', { id, options }),
    usage: (id, query = {}, options) => call('apiKeys.usage', { id, query, options }),
    update: (id, body, options) => call('apiKeys.update', { id, body, headers: ifMatchOf(options), options }),
    rotate: (id, body = {}, options) => call('apiKeys.rotate', { id, body, options }),
    endGrace: (id, options) => call('apiKeys.endGrace', { id, options }),
    revoke: (id, reason, options) => call('apiKeys.revoke', { id, query: { reason }, options }),
    restore: (id, options) => call('apiKeys.restore', { id, options }),
  };
}

const ifMatchOf = ({ ifMatch }: { ifMatch?: string } = {}): Record<string, string> =>
  ifMatch === undefined ? {} : { 'if-match': ifMatch };
