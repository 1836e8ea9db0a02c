import type { BetterAuthOptions } from 'better-auth';
import { getAdapter } from 'better-auth/db/adapter';
import { betterAuth } from 'better-auth/minimal';
import { twoFactor } from 'better-auth/plugins/two-factor';
import type { Control } from '../control/open.ts';
import { type IdPrefix, newId } from '../lib/id.ts';
import { ADDRESS_HEADER } from './auth-request.ts';
import { hashSessions } from './hashed-sessions.ts';
import { SESSION_SECONDS, TWO_FACTOR_SECONDS } from './lifetimes.ts';

/** The fewest and the most characters of a password (NIST SP 800-63B §3.1.1.2 asks for 8 and 64 at least). */
export const PASSWORD_LENGTH = { minLength: 12, maxLength: 128 } as const;

/** Secrets that encrypt and sign, the present one first; `version` names the one a thing is encrypted under. */
export type AuthSecrets = { version: number; value: string }[];

const ID_PREFIXES: Record<string, IdPrefix> = { user: 'usr', session: 'ses' };

const times = { createdAt: 'created_at', updatedAt: 'updated_at' } as const;

/** Our names for its tables and columns. */
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
 * Returns what better-auth is told. Its handler is not mounted: our routes call the few of its endpoints we use, so
 * its cookies, addresses and redirects never leave the process. Accounts arise from the setup link and invitations only.
 */
export function describeAuth(secrets: AuthSecrets) {
  return {
    appName: 'Appflow',
    // Never seen by anyone, as nothing is mounted.
    baseURL: 'http://appflow.invalid',
    secrets,
    telemetry: { enabled: false },
    logger: { disabled: true },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: PASSWORD_LENGTH.minLength,
      maxPasswordLength: PASSWORD_LENGTH.maxLength,
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
      twoFactor({ issuer: 'Appflow', twoFactorCookieMaxAge: TWO_FACTOR_SECONDS, schema: TWO_FACTOR_TABLES }),
    ],
  } satisfies BetterAuthOptions;
}

/** Returns better-auth over the control database. Slow to load, so only who signs people in asks for it. */
export async function createAuth({ db }: Pick<Control, 'db'>, secrets: AuthSecrets) {
  const options = describeAuth(secrets);
  const adapter = hashSessions(await getAdapter({ ...options, database: { db, type: 'sqlite' } }));
  return betterAuth({ ...options, database: () => adapter });
}

/** better-auth as we use it. */
export type Auth = Awaited<ReturnType<typeof createAuth>>;
