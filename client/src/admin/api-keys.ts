import type {
  ApiKey,
  ApiKeyWithSecret,
  KeyChange,
  KeyQuery,
  LeakReport,
  NewKey,
  OwnKey,
  RevokeReason,
  Rotation,
  UsageHour,
  UsageQuery,
} from '../api/keys.ts';
import type { Page } from '../api/list.ts';
import type { Caller, CallOptions, IdempotencyOptions } from './call.ts';
import { readPages } from './pagination.ts';

/** The API keys of the key's project. */
export type ApiKeys = {
  /**
   * Creates a key and returns it with its secret in `key`, which is never returned again.
   * @example
   * ```ts
   * const { id, key } = await admin.apiKeys.create({ name: 'Production iOS', type: 'client' });
   * await writeFile('./production-ios.key', key, { mode: 0o600 });
   * console.log(id);
   * ```
   */
  create: (key: NewKey, options?: IdempotencyOptions) => Promise<ApiKeyWithSecret>;
  /**
   * Returns a page of keys, newest first.
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
   * Returns this client's own key and its permissions.
   * @example
   * ```ts
   * const { type, scopes } = await admin.apiKeys.self();
   * console.log(type, scopes);
   * ```
   */
  self: (options?: CallOptions) => Promise<OwnKey>;
  /**
   * Revokes this client's own key as leaked. A client key, which is in every installed app, is only reported.
   * @example
   * ```ts
   * await new AppflowAdmin({ apiKey: leakedKey, baseUrl }).apiKeys.revokeSelf();
   * ```
   */
  revokeSelf: (options?: IdempotencyOptions) => Promise<LeakReport | undefined>;
  /**
   * Returns a key.
   * @example
   * ```ts
   * const { status, last_used_at } = await admin.apiKeys.get(keyId);
   * console.log(status, last_used_at);
   * ```
   */
  get: (id: string, options?: CallOptions) => Promise<ApiKey>;
  /**
   * Returns the number of requests made with a key, by hour, category and outcome.
   * @example
   * ```ts
   * const { data } = await admin.apiKeys.usage(keyId);
   * console.log(data.reduce((sum, hour) => sum + hour.limited, 0));
   * ```
   */
  usage: (id: string, query?: UsageQuery, options?: CallOptions) => Promise<{ data: UsageHour[] }>;
  /**
   * Updates a key and returns it. With `ifMatch` (the key's `etag`), only if it has not changed since.
   * @example
   * ```ts
   * const { etag } = await admin.apiKeys.get(keyId);
   * await admin.apiKeys.update(keyId, { name: 'Nightly report' }, { ifMatch: etag });
   * ```
   */
  update: (id: string, change: KeyChange, options?: CallOptions & { ifMatch?: string }) => Promise<ApiKey>;
  /**
   * Gives a key a new secret and returns it in `key`; the old secret stays valid for a grace period.
   * @example
   * ```ts
   * const { key } = await admin.apiKeys.rotate(keyId, { grace_seconds: 3600 });
   * await writeFile('./backend.key', key, { mode: 0o600 });
   * ```
   */
  rotate: (id: string, rotation?: Rotation, options?: IdempotencyOptions) => Promise<ApiKeyWithSecret>;
  /**
   * Expires the old secret of a rotated key immediately and returns the key.
   * @example
   * ```ts
   * const { key } = await admin.apiKeys.rotate(keyId);
   * await writeFile('./backend.key', key, { mode: 0o600 });
   * // Once every server uses the new secret:
   * await admin.apiKeys.endGrace(keyId);
   * ```
   */
  endGrace: (id: string, options?: IdempotencyOptions) => Promise<ApiKey>;
  /**
   * Revokes a key immediately and returns it.
   * @example
   * ```ts
   * await admin.apiKeys.revoke(keyId, 'unused');
   * ```
   */
  revoke: (id: string, reason?: RevokeReason, options?: CallOptions) => Promise<ApiKey>;
  /**
   * Restores a key within 60 minutes of its revocation, unless it leaked, and returns it.
   * @example
   * ```ts
   * await admin.apiKeys.revoke(keyId);
   * await admin.apiKeys.restore(keyId);
   * ```
   */
  restore: (id: string, options?: IdempotencyOptions) => Promise<ApiKey>;
};

/** Returns the API key operations. */
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
