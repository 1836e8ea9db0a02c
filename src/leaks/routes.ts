import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { type Requester, systemActor } from '../api/caller.ts';
import { ApiError, validationFailed } from '../api/errors.ts';
import type { RawRequest } from '../api/raw-request.ts';
import { defineRoute, type Route } from '../api/route.ts';
import { compileCheck } from '../api/validate.ts';
import { NO_CALLER } from '../control/control.ts';
import { KEY_TYPES, TYPE_PREFIXES } from '../directory/scopes.ts';
import { CHECKSUM, isWellFormedSecret, type Pepper, patternOf } from '../directory/secret.ts';
import { findBySecret } from '../keys/verify/verify.ts';
import { closedObject, component } from '../lib/schema.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { GithubKeys } from './github-keys.ts';
import { handleLeak, type LeakServices } from './handle-leak.ts';
import { getSigningKey, readSignature, requireSigned } from './signature.ts';

type ReportServices = LeakServices & {
  limiter: Limiter;
  githubKeys: GithubKeys;
  pepper: Pepper;
  retiredPeppers: readonly Pepper[];
};

const REPORT_BYTES_MAX = 1_048_576;
const TOKENS_MAX = 1_000;

const CHECKSUM_JSON = closedObject({
  algorithm: Type.Literal(CHECKSUM.algorithm),
  covered_characters: Type.Integer({ description: 'The checksum covers this many leading characters.' }),
  length: Type.Integer({ description: 'Characters of the checksum, which ends the key.' }),
  alphabet: Type.String({ description: 'The digits, from 0 up.' }),
  description: Type.String({ description: 'The algorithm in words.' }),
});

const patternsRoute = defineRoute({
  method: 'GET',
  path: '/.well-known/appflow-key-patterns.json',
  operationId: 'getKeyPatterns',
  summary: 'Get the patterns of API keys',
  description:
    'For secret scanners: a regular expression per type of key, and how to verify the checksum at the end of a key offline.',
  access: 'public',
  limit: 'management',
  answer: {
    status: 200,
    isConstant: true,
    schema: component(
      'KeyPatterns',
      closedObject({
        patterns: Type.Array(
          closedObject({
            type: Type.Enum([...KEY_TYPES], { description: 'The type of the keys.' }),
            pattern: Type.String({
              description: 'Regular expression without word boundaries. Check what it finds by the checksum.',
            }),
            is_secret: Type.Boolean({ description: '`false` for client keys, which are public by design.' }),
          }),
        ),
        checksum: CHECKSUM_JSON,
      }),
    ),
  },
  handle: () => ({
    patterns: KEY_TYPES.map((type) => ({
      type,
      pattern: patternOf(TYPE_PREFIXES[type]),
      is_secret: type !== 'client',
    })),
    checksum: CHECKSUM,
  }),
});

/** What GitHub sends. Entries are validated one by one, so that an invalid one does not suppress the others. */
const REPORT = Type.Array(Type.Unknown(), { maxItems: TOKENS_MAX });
const checkReport = compileCheck(REPORT);

type Finding = { token: string; type: string };

/** What OpenAPI says about an entry. */
const FINDING_JSON = component(
  'ReportedToken',
  Type.Object({
    token: Type.String({ description: 'What was found.' }),
    type: Type.Optional(Type.String({ description: 'The type of the token, as registered with GitHub.' })),
    url: Type.Optional(Type.String({ description: 'Where it was found.' })),
    source: Type.Optional(Type.String({ description: 'Such as `content` or `commit`.' })),
  }),
);

const LABEL_JSON = component(
  'ReportedTokenLabel',
  closedObject({
    token_hash: Type.String({ description: 'SHA-256 of the token, in hexadecimal.' }),
    token_type: Type.String({ description: 'The type that was sent.' }),
    label: Type.Enum(['true_positive', 'false_positive'], { description: 'Whether it is or was a key.' }),
  }),
);

const githubRoute = defineRoute({
  method: 'POST',
  path: '/hooks/secret-scanning/github',
  operationId: 'reportLeakedKeys',
  summary: 'Receive a report of leaked keys',
  description:
    'For the secret scanning partner program of GitHub. The body must be signed by GitHub. Each key is revoked or disabled, according to the settings of its project; client keys are only marked.',
  access: 'public',
  limit: 'management',
  requestHeaders: ['Github-Public-Key-Identifier', 'Github-Public-Key-Signature'],
  rawBody: Type.Array(FINDING_JSON, { maxItems: TOKENS_MAX }),
  errors: [
    'invalid_signature',
    'validation_failed',
    'rate_limited',
    'storage_unavailable',
    'revocation_not_stored',
  ],
  example: {
    body: [{ token: 'ck_af1_…', type: 'appflow_client_key', url: 'https://github.com/…', source: 'content' }],
  },
  answer: { status: 200, schema: Type.Array(LABEL_JSON) },
  async handle(services: ReportServices, { raw }) {
    await passLimit(services, raw);
    const claim = readSignature(raw.headers);
    const body = await raw.readBody(REPORT_BYTES_MAX);
    // Everything that can be refused without GitHub's keys is refused before they are fetched.
    const findings = toFindings(await raw.parseBody(body));
    requireSigned(body, await getSigningKey(services.githubKeys, claim.identifier), claim);
    await services.directory.ensureFresh();
    const by = toRequester(raw);
    const labels: Awaited<ReturnType<typeof handleFinding>>[] = [];
    let failure: { error: unknown } | undefined;
    for (const finding of findings) {
      // A key that cannot be revoked in the database must not keep the next ones from being revoked.
      await handleFinding(services, finding, by).then(
        (label) => labels.push(label),
        (error: unknown) => {
          failure ??= { error };
        },
      );
    }
    if (failure) throw failure.error;
    return labels;
  },
});

/** GitHub as the requester of what follows from a report. The signature is what authenticates it: nothing to recheck. */
function toRequester({ address, requestId }: RawRequest): Requester {
  const actor = { ...systemActor('github_secret_scanning'), ip: address, requestId };
  return { actor, recheck: NO_CALLER };
}

/** Charged before anything is read, so that requests which are not from GitHub cost little. */
async function passLimit({ limiter }: { limiter: Limiter }, { network }: RawRequest): Promise<void> {
  const seconds = await limiter.chargeLeakReport(network);
  if (seconds === undefined) return;
  throw new ApiError('rate_limited', {
    detail: `Too many reports from this address. Try again in ${seconds} s.`,
    headers: { 'retry-after': String(seconds) },
  });
}

function toFindings(report: unknown): Finding[] {
  const errors = checkReport(report);
  if (errors.length > 0) throw validationFailed(errors);
  return (report as unknown[]).flatMap(parseFinding);
}

/** Returns an empty list for an entry without a token: there is nothing to answer about. */
function parseFinding(entry: unknown): Finding[] {
  if (typeof entry !== 'object' || entry === null) return [];
  const { token, type } = entry as { token?: unknown; type?: unknown };
  return typeof token === 'string' ? [{ token, type: typeof type === 'string' ? type : '' }] : [];
}

/** Returns whether the token is or was an API key, and applies its project's policy. Never returns the token itself. */
async function handleFinding(services: ReportServices, { token, type }: Finding, by: Requester) {
  const { directory, pepper, retiredPeppers } = services;
  const found = isWellFormedSecret(token)
    ? findBySecret(token, directory, pepper, retiredPeppers)
    : undefined;
  if (found) await handleLeak(services, found, by);
  const token_hash = createHash('sha256').update(token).digest('hex');
  return {
    token_hash,
    token_type: type,
    label: found ? ('true_positive' as const) : ('false_positive' as const),
  };
}

/** The routes for secret scanners: the patterns of keys, and reports of leaked ones. */
export const leakRoutes = [patternsRoute, githubRoute] satisfies Route<ReportServices>[];
