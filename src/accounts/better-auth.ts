import type { BetterAuthOptions } from 'better-auth';
import { getAdapter } from 'better-auth/db/adapter';
import { betterAuth } from 'better-auth/minimal';
import { twoFactor } from 'better-auth/plugins/two-factor';
import type { Control } from '../control/control.ts';
import { type IdPrefix, newId } from '../lib/id.ts';
import { PASSWORD_LENGTH, SESSION_SECONDS, TWO_FACTOR_SECONDS } from './account-rules.ts';
import { ADDRESS_HEADER } from './auth-request.ts';
import type { PasswordHasher } from './hashing/password-hasher.ts';
import { hashToken } from './token.ts';

/** Secrets that encrypt and sign, the current one first; `version` identifies the one that encrypted a value. */
export type AuthSecrets = { version: number; value: string }[];

const ID_PREFIXES: Record<string, IdPrefix> = { user: 'usr', session: 'ses' };

const times = { createdAt: 'created_at', updatedAt: 'updated_at' } as const;

/** Our names for better-auth's tables and columns. */
const TABLES = {
  user: { modelName: 'people', fields: { emailVerified: 'email_verified', ...times } },
  session: {
    modelName: 'sessions',
    fields: {
      expiresAt: 'expires_at',
      ipAddress: 'ip_address',
      userAgent: 'user_agent',
      userId: 'person_id',
      ...times,
    },
    expiresIn: SESSION_SECONDS,
    disableSessionRefresh: true,
  },
  account: {
    modelName: 'credentials',
    fields: {
      accountId: 'account_id',
      providerId: 'provider_id',
      userId: 'person_id',
      accessToken: 'access_token',
      refreshToken: 'refresh_token',
      idToken: 'id_token',
      accessTokenExpiresAt: 'access_token_expires_at',
      refreshTokenExpiresAt: 'refresh_token_expires_at',
      ...times,
    },
  },
  verification: {
    modelName: 'verifications',
    fields: { expiresAt: 'expires_at', ...times },
    storeIdentifier: 'hashed',
  },
} satisfies BetterAuthOptions;

const TWO_FACTOR_TABLES = {
  user: { fields: { twoFactorEnabled: 'two_factor_enabled' } },
  twoFactor: {
    modelName: 'two_factors',
    fields: {
      backupCodes: 'backup_codes',
      userId: 'person_id',
      failedVerificationCount: 'failed_verification_count',
      lockedUntil: 'locked_until',
    },
  },
};

/**
 * Returns better-auth's options. Its handler is not mounted: our routes call the few endpoints we use, so its cookies,
 * URLs and redirects never leave the process. Only the setup link and invitations create accounts.
 */
export function describeAuth(
  secrets: AuthSecrets,
  { hash, verify }: Pick<PasswordHasher, 'hash' | 'verify'>,
) {
  return {
    appName: 'Appflow',
    // Required, but never visible: nothing is mounted.
    baseURL: 'http://appflow.invalid',
    secrets,
    telemetry: { enabled: false },
    logger: { disabled: true },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: PASSWORD_LENGTH.minLength,
      maxPasswordLength: PASSWORD_LENGTH.maxLength,
      password: { hash, verify },
    },
    ...TABLES,
    advanced: {
      useSecureCookies: false,
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER] },
      database: {
        generateId: ({ model }) => newId(ID_PREFIXES[model] ?? 'row'),
        validateSchema: false,
      },
    },
    plugins: [
      twoFactor({
        issuer: 'Appflow',
        twoFactorCookieMaxAge: TWO_FACTOR_SECONDS,
        schema: TWO_FACTOR_TABLES,
        // Counts after the check, so that codes sent together are all checked, and for all devices together:
        // `limitAttempts` does neither.
        accountLockout: { enabled: false },
      }),
    ],
  } satisfies BetterAuthOptions;
}

/** Returns better-auth on the control database. Slow to load: only sign-in needs it. */
export async function createAuth(
  { db, whenStorable }: Pick<Control, 'db' | 'whenStorable'>,
  secrets: AuthSecrets,
  hasher: Pick<PasswordHasher, 'hash' | 'verify'>,
) {
  const options = describeAuth(secrets, hasher);
  const adapter = hashSessions(
    await getAdapter({ ...options, database: { db, type: 'sqlite' } }),
    whenStorable,
  );
  return betterAuth({ ...options, database: () => adapter });
}

/** better-auth as we use it. */
export type Auth = Awaited<ReturnType<typeof createAuth>>;

type Adapter = Awaited<ReturnType<typeof getAdapter>>;
type AdapterInTransaction = Omit<Adapter, 'transaction'>;
type Where = NonNullable<Parameters<Adapter['findMany']>[0]['where']>;

function withHash<T extends { model: string; where?: Where | undefined }>(input: T): T {
  const { model, where } = input;
  if (model !== 'session' || where === undefined) return input;
  return { ...input, where: where.map(hashCondition) };
}

function hashCondition(condition: Where[number]): Where[number] {
  const { field, value } = condition;
  if (field !== 'token') return condition;
  if (typeof value === 'string') return { ...condition, value: hashToken(value) };
  return Array.isArray(value)
    ? { ...condition, value: value.map((one) => hashToken(String(one))) }
    : condition;
}

/**
 * Returns the adapter with session tokens hashed on their way to the database, in writes and in queries; only the code
 * that creates a session gets its token. So a copy of the database opens no session. Like all our writes, its writes
 * wait for another process's lock. Signing in is needed to revoke a key, so they may use the reserve on a full disk.
 */
function hashSessions(adapter: Adapter, whenStorable: Control['whenStorable']): Adapter {
  return {
    ...wrapMethods(adapter, whenStorable),
    transaction: (run) => adapter.transaction((inner) => run(wrapMethods(inner, whenStorable))),
  };
}

/** Names each method: one that a new release adds does not compile until it is decided here. */
function wrapMethods(
  adapter: AdapterInTransaction,
  whenStorable: Control['whenStorable'],
): { [Name in keyof Required<AdapterInTransaction>]: AdapterInTransaction[Name] } {
  const create = async (input: { model: string; data: Record<string, unknown> }): Promise<object> => {
    const { model, data } = input;
    if (model !== 'session') return whenStorable(() => adapter.create(input));
    const token = String(data.token);
    const created = await whenStorable(() =>
      adapter.create({ ...input, data: { ...data, token: hashToken(token) } }),
    );
    return { ...created, token };
  };
  return {
    id: adapter.id,
    options: adapter.options,
    createSchema: adapter.createSchema,
    // Returns the row of its input, as the adapter's own does: its type parameters say no more than that.
    create: create as Adapter['create'],
    findOne: (input) => adapter.findOne(withHash(input)),
    findMany: (input) => adapter.findMany(withHash(input)),
    count: (input) => adapter.count(withHash(input)),
    update: (input) => whenStorable(() => adapter.update(withHash(input))),
    updateMany: (input) => whenStorable(() => adapter.updateMany(withHash(input))),
    delete: (input) => whenStorable(() => adapter.delete(withHash(input))),
    deleteMany: (input) => whenStorable(() => adapter.deleteMany(withHash(input))),
    consumeOne: (input) => whenStorable(() => adapter.consumeOne(withHash(input))),
    incrementOne: (input) => whenStorable(() => adapter.incrementOne(withHash(input))),
  };
}
