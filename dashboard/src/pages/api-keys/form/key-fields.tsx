import { useState } from 'react';
import { NAME_RULES } from '../../../../../src/directory/field-rules.ts';
import { fieldError } from '../../../api/problem.ts';
import { LimitsFields } from '../../../components/limits-fields.tsx';
import { Field, FieldError, FieldGroup } from '../../../components/ui/field.tsx';
import { Input, Textarea } from '../../../components/ui/input.tsx';
import { Segmented } from '../../../components/ui/segmented.tsx';
import { formatExact } from '../../../lib/format.ts';
import { KEY_TYPE_LABELS } from '../key/key-labels.ts';
import { AppsField } from './apps-field.tsx';
import { expiryChoices, expiryInstant } from './expiry.ts';
import type { findDraftErrors, KeyDraft } from './key-draft.ts';
import { ScopesField } from './scopes-field.tsx';
import { SdksField } from './sdks-field.tsx';

type KeyFieldsProps = {
  draft: KeyDraft;
  /** The project's maximum key lifetime in days; null for no limit. */
  maxDays: number | null;
  onChange: (draft: KeyDraft) => void;
  errors: ReturnType<typeof findDraftErrors>;
  /** The server's answer to the last attempt. */
  error: unknown;
};

/** All fields of a key except its type: for creating and for editing. */
export function KeyFields({ draft, maxDays, onChange, errors, error }: KeyFieldsProps) {
  const change = (part: Partial<KeyDraft>) => onChange({ ...draft, ...part });
  return (
    <>
      <Field
        label="Name"
        hint="Name it after the service that uses it."
        error={errors.name ?? fieldError(error, 'name')}
      >
        {(control) => (
          <Input
            {...control}
            autoFocus
            maxLength={NAME_RULES.maxLength}
            autoComplete="off"
            placeholder={KEY_TYPE_LABELS[draft.type].namePlaceholder}
            value={draft.name}
            onChange={(event) => change({ name: event.target.value })}
          />
        )}
      </Field>
      {draft.type !== 'client' && (
        <ScopesField
          type={draft.type}
          scopes={draft.scopes}
          onChange={(scopes) => change({ scopes })}
          error={errors.scopes ?? fieldError(error, 'scopes')}
        />
      )}
      <AppsField
        appIds={draft.appIds}
        onChange={(appIds) => change({ appIds })}
        error={fieldError(error, 'app_ids')}
      />
      <ExpiryField
        draft={draft}
        maxDays={maxDays}
        change={change}
        error={errors.expiry ?? fieldError(error, 'expires_at')}
      />
      <RestrictionFields draft={draft} change={change} sdksError={errors.sdks} error={error} />
    </>
  );
}

type PartProps = { draft: KeyDraft; change: (part: Partial<KeyDraft>) => void };

function ExpiryField({
  draft,
  maxDays,
  change,
  error,
}: PartProps & { maxDays: number | null; error: string | undefined }) {
  const instant = expiryInstant(draft.expiry, draft.expiryDate, Date.now());
  return (
    <FieldGroup label="Expires">
      <div className="flex flex-wrap items-center gap-2">
        <Segmented
          label="Expires"
          value={draft.expiry}
          onChange={(expiry) => change({ expiry })}
          options={expiryChoices(maxDays)}
        />
        {draft.expiry === 'date' && (
          <Input
            type="date"
            aria-label="Expiry date"
            className="w-auto"
            value={draft.expiryDate}
            onChange={(event) => change({ expiryDate: event.target.value })}
          />
        )}
      </div>
      {error ? (
        <FieldError>{error}</FieldError>
      ) : (
        <p className="text-soft text-xs">
          {draft.expiry === 'never' &&
            draft.type === 'client' &&
            "Apps already installed can't receive a new key. "}
          {draft.expiry === 'never' &&
            draft.type !== 'client' &&
            'Keys that never expire are easy to forget. '}
          {typeof instant === 'string' && `Until ${formatExact(instant)}. `}
          {maxDays !== null && `Keys in this project last at most ${maxDays} days.`}
        </p>
      )}
    </FieldGroup>
  );
}

/** Its fields, as the server names them. */
const RESTRICTIONS = ['ip_allowlist', 'allowed_origins', 'bundle_ids', 'allowed_sdks', 'rate_limits'];

type RestrictionFieldsProps = PartProps & { sdksError: string | undefined; error: unknown };

function RestrictionFields({ draft, change, sdksError, error }: RestrictionFieldsProps) {
  const isUsed =
    [draft.addresses, draft.origins, draft.bundleIds].some((text) => text !== '') ||
    draft.allowedSdks !== null ||
    draft.rateLimits !== null;
  const isWrong =
    sdksError !== undefined || RESTRICTIONS.some((field) => fieldError(error, field) !== undefined);
  const [isOpen, setOpen] = useState(isUsed);
  return (
    <details
      className="group rounded-lg border"
      // Stays as it is while someone types: clearing the last entry must not close it.
      open={isOpen || isWrong}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary className="cursor-pointer select-none rounded-lg px-4 py-2.5 font-medium text-sm hover:bg-hover/50">
        Restrictions and limits
      </summary>
      <div className="grid gap-5 border-t px-4 py-4">
        {draft.type === 'read_only' && (
          <LinesField
            label="Allowed origins"
            hint="One origin per line. Leave empty to block all browsers."
            placeholder="https://status.example.com"
            value={draft.origins}
            onChange={(origins) => change({ origins })}
            error={fieldError(error, 'allowed_origins')}
          />
        )}
        {draft.type === 'client' && (
          <SdksField
            sdks={draft.allowedSdks}
            onChange={(allowedSdks) => change({ allowedSdks })}
            error={sdksError ?? fieldError(error, 'allowed_sdks')}
          />
        )}
        {draft.type === 'client' && (
          <LinesField
            label="Bundle IDs"
            hint="One bundle ID per line. Requests from other apps are flagged, not blocked."
            placeholder="com.example.notes"
            value={draft.bundleIds}
            onChange={(bundleIds) => change({ bundleIds })}
            error={fieldError(error, 'bundle_ids')}
          />
        )}
        <LinesField
          label="IP addresses"
          hint="One IP address or CIDR range per line. Leave empty to allow any."
          placeholder={'203.0.113.7\n2001:db8::/32'}
          value={draft.addresses}
          onChange={(addresses) => change({ addresses })}
          error={fieldError(error, 'ip_allowlist')}
        />
        <LimitsFields
          type={draft.type}
          limits={draft.rateLimits}
          onChange={(rateLimits) => change({ rateLimits })}
          error={fieldError(error, 'rate_limits')}
        />
      </div>
    </details>
  );
}

type LinesFieldProps = {
  label: string;
  hint: string;
  placeholder: string;
  value: string;
  onChange: (value: string) => void;
  error: string | undefined;
};

function LinesField({ label, hint, placeholder, value, onChange, error }: LinesFieldProps) {
  return (
    <Field label={label} hint={hint} aside="optional" error={error}>
      {(control) => (
        <Textarea
          {...control}
          rows={2}
          spellCheck={false}
          placeholder={placeholder}
          className="min-h-16 font-mono text-note"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
