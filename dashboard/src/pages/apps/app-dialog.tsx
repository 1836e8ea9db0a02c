import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import { BUNDLE_ID_LENGTH, NAME_RULES } from '../../../../src/directory/field-rules.ts';
import type { App, AppChange, NewApp, Platform } from '../../api/answers.ts';
import { createApp, refreshApps, updateApp } from '../../api/apps.ts';
import { makeAttempts } from '../../api/attempts.ts';
import { fieldError } from '../../api/problem.ts';
import { useProject } from '../../api/project.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { PlatformField } from '../../components/platform.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Input } from '../../components/ui/input.tsx';
import { Select } from '../../components/ui/select.tsx';
import { TimezonePicker } from '../../components/ui/timezone-picker.tsx';
import { browserZone } from '../../lib/time-zones.ts';

const CURRENCIES = Intl.supportedValuesOf('currency');

type AppDraft = { name: string; platform: Platform; bundleId: string; timezone: string; currency: string };

const newApp = (): AppDraft => ({
  name: '',
  platform: 'ios',
  bundleId: '',
  timezone: browserZone(),
  currency: 'USD',
});

const toAppDraft = (app: App): AppDraft => ({ ...app, bundleId: app.bundle_id ?? '' });

function toNewApp({ name, platform, bundleId, timezone, currency }: AppDraft): NewApp {
  const bundle = bundleId.trim();
  return { name: name.trim(), platform, timezone, currency, ...(bundle !== '' && { bundle_id: bundle }) };
}

/** An empty bundle ID removes the one the app has. */
const toAppChange = (draft: AppDraft): AppChange => ({ bundle_id: null, ...toNewApp(draft) });

type AppDialogProps = { subject: App | undefined; onClose: () => void };

/** Creates or edits an app. */
export function AppDialog({ subject, onClose }: AppDialogProps) {
  const [draft, setDraft] = useState(() => (subject ? toAppDraft(subject) : newApp()));
  const change = (part: Partial<AppDraft>) => setDraft({ ...draft, ...part });
  const { project } = useProject();
  const client = useQueryClient();
  const [toAttempt] = useState(() => makeAttempts(toNewApp));
  const save = async () => {
    const { name } = subject
      ? await updateApp(project.id, subject.id, toAppChange(draft))
      : await createApp(project.id, toAttempt(draft));
    toast.success(subject ? `Saved ${name}` : `Added ${name}`);
    onClose();
    await refreshApps(client, project.id);
  };
  return (
    <FormDialog
      title={subject ? `Edit ${subject.name}` : 'Add app'}
      description={
        subject ? "Applies to new queries; existing events don't change." : 'Add one app per platform.'
      }
      action={{ subject: 'The app', done: subject ? 'saved' : 'added', isRepeatable: true }}
      submitLabel={subject ? 'Save app' : 'Add app'}
      onSubmit={save}
      onClose={onClose}
    >
      {(error) => <AppFields draft={draft} change={change} error={error} />}
    </FormDialog>
  );
}

type AppFieldsProps = { draft: AppDraft; change: (part: Partial<AppDraft>) => void; error: unknown };

function AppFields({ draft, change, error }: AppFieldsProps) {
  return (
    <>
      <Field label="Name" error={fieldError(error, 'name')}>
        {(control) => (
          <Input
            {...control}
            required
            autoFocus
            maxLength={NAME_RULES.maxLength}
            placeholder="Acme iOS"
            value={draft.name}
            onChange={(event) => change({ name: event.target.value })}
          />
        )}
      </Field>
      <PlatformField value={draft.platform} onChange={(platform) => change({ platform })} />
      <Field label="Bundle ID" aside="optional" error={fieldError(error, 'bundle_id')}>
        {(control) => (
          <Input
            {...control}
            maxLength={BUNDLE_ID_LENGTH.maxLength}
            placeholder="com.example.app"
            value={draft.bundleId}
            onChange={(event) => change({ bundleId: event.target.value })}
          />
        )}
      </Field>
      <div className="grid gap-4 sm:grid-cols-[minmax(0,1fr)_8rem]">
        <Field label="Time zone" hint="Used for daily totals." error={fieldError(error, 'timezone')}>
          {(control) => (
            <TimezonePicker
              {...control}
              value={draft.timezone}
              onChange={(timezone) => change({ timezone })}
            />
          )}
        </Field>
        <Field label="Currency" hint="Used for revenue." error={fieldError(error, 'currency')}>
          {(control) => (
            <Select
              {...control}
              value={draft.currency}
              onChange={(event) => change({ currency: event.target.value })}
            >
              {CURRENCIES.map((code) => (
                <option key={code}>{code}</option>
              ))}
            </Select>
          )}
        </Field>
      </div>
    </>
  );
}
