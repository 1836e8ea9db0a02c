import { ApiError, type FieldError, validationFailed } from '../api/errors.ts';
import type { Directory } from '../directory/directory.ts';
import type { Project } from '../directory/project.ts';
import { CEILINGS, type KeyType, type Scope } from '../directory/scopes.ts';
import { findKeysIn } from '../directory/secret.ts';
import { DAY_MS } from '../lib/durations.ts';
import { findRateLimitMistakes } from '../limits/rate-limits.ts';
import type { KeyFields } from './key-fields.ts';

const METADATA_BYTES_MAX = 2_048;
const METADATA_KEYS_MAX = 20;

/** The key that the fields are for. `createdAt` matters where a project limits key lifetimes. Epoch milliseconds. */
export type KeyContext = { type: KeyType; createdAt: number; now: number };

/**
 * Throws 422 listing every field that is valid by itself but not for this key, or 404 for apps of other projects. Only
 * the given fields are validated: values that were accepted earlier stay.
 */
export function requireValidKey(
  { directory }: { directory: Directory },
  project: Project,
  fields: Partial<KeyFields>,
  context: KeyContext,
): void {
  const errors = [
    ...findTypeErrors(fields, context.type),
    ...findMetadataMistakes(fields.metadata ?? {}),
    ...findKeysIn({
      name: [fields.name],
      metadata: Object.entries(fields.metadata ?? {}).flat(),
      bundle_ids: fields.bundleIds ?? [],
    }),
    ...findRateLimitMistakes(fields.rateLimits ?? {}),
    ...(fields.expiresAt === undefined ? [] : findExpiryMistakes(fields.expiresAt, project, context)),
  ];
  if (errors.length > 0) throw validationFailed(errors);
  for (const appId of fields.appIds ?? []) {
    const app = directory.findApp(appId);
    if (app?.projectId === project.id && app.deletedAt === null) continue;
    throw new ApiError('not_found', { detail: 'app_ids contains an app that is not in this project.' });
  }
}

function findTypeErrors(fields: Partial<KeyFields>, type: KeyType): FieldError[] {
  const errors: FieldError[] = [];
  const ceiling: readonly Scope[] = CEILINGS[type];
  fields.scopes?.forEach((scope, index) => {
    if (ceiling.includes(scope)) return;
    const message = `A ${type} key can never have ${scope}; it can have ${ceiling.join(', ')}.`;
    errors.push({ field: `scopes.${index}`, code: 'above_ceiling', message });
  });
  if (fields.allowedOrigins?.length && type !== 'read_only') {
    const message = 'Only read_only keys have allowed_origins.';
    errors.push({ field: 'allowed_origins', code: 'wrong_type', message });
  }
  if (fields.bundleIds?.length && type !== 'client') {
    errors.push({ field: 'bundle_ids', code: 'wrong_type', message: 'Only client keys have bundle_ids.' });
  }
  if (fields.allowedSdks && type !== 'client') {
    errors.push({
      field: 'allowed_sdks',
      code: 'wrong_type',
      message: 'Only client keys have allowed_sdks.',
    });
  }
  return errors;
}

function findMetadataMistakes(metadata: Readonly<Record<string, string>>): FieldError[] {
  const isSmall =
    Object.keys(metadata).length <= METADATA_KEYS_MAX &&
    Buffer.byteLength(JSON.stringify(metadata)) <= METADATA_BYTES_MAX;
  if (isSmall) return [];
  const message = `metadata holds at most ${METADATA_KEYS_MAX} entries and ${METADATA_BYTES_MAX} bytes.`;
  return [{ field: 'metadata', code: 'out_of_range', message }];
}

function findExpiryMistakes(expiresAt: number | null, project: Project, context: KeyContext): FieldError[] {
  const days = project.maxKeyLifetimeDays;
  const mistake = (code: string, message: string) => [{ field: 'expires_at', code, message }];
  if (expiresAt === null) {
    return days === null
      ? []
      : mistake('required', `This project's keys live at most ${days} days: send expires_at.`);
  }
  if (expiresAt <= context.now) return mistake('out_of_range', 'expires_at must be in the future.');
  // Counted from its creation: otherwise the expiry could be extended again and again.
  if (days !== null && expiresAt > context.createdAt + days * DAY_MS) {
    return mistake('out_of_range', `This project's keys live at most ${days} days.`);
  }
  return [];
}
