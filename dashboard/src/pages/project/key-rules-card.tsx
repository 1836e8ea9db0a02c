import { type FormEvent, useState } from 'react';
import { DISABLE_AFTER_MINUTES_MAX, KEY_LIFETIME_DAYS_MAX } from '../../../../src/directory/project.ts';
import type { ProjectSettings } from '../../api/answers.ts';
import { fieldError } from '../../api/problem.ts';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Input } from '../../components/ui/input.tsx';
import { Select } from '../../components/ui/select.tsx';
import { useSaveSettings } from './save-settings.ts';

/** The maximum lifetime of keys, and what happens to leaked ones. */
export function KeyRulesCard({ settings }: { settings: ProjectSettings }) {
  const before = {
    days: String(settings.max_key_lifetime_days ?? ''),
    policy: settings.leaked_key_policy === 'revoke' ? 'revoke' : 'minutes',
    minutes: settings.leaked_key_policy === 'revoke' ? '60' : String(settings.leaked_key_policy),
  };
  const [draft, setDraft] = useState(before);
  const change = (part: Partial<typeof before>) => setDraft({ ...draft, ...part });
  const save = useSaveSettings();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const days = draft.days === '' ? null : Number(draft.days);
    const policy = draft.policy === 'revoke' ? 'revoke' : Number(draft.minutes);
    // Only what was edited, to keep what someone else has changed meanwhile.
    save.mutate({
      ...(days !== settings.max_key_lifetime_days && { max_key_lifetime_days: days }),
      ...(policy !== settings.leaked_key_policy && { leaked_key_policy: policy }),
    });
  };
  const isSame = JSON.stringify(before) === JSON.stringify(draft);
  return (
    <Card>
      <CardHeader title="API keys" description="Rules for new keys, and for keys that leak." />
      <CardBody>
        <form onSubmit={submit} className="grid gap-4 sm:grid-cols-2">
          <Field
            label="Maximum key lifetime"
            aside="days"
            hint="Leave empty for no limit. Existing keys are not affected."
            error={fieldError(save.error, 'max_key_lifetime_days')}
          >
            {(control) => (
              <Input
                {...control}
                type="number"
                min={1}
                max={KEY_LIFETIME_DAYS_MAX}
                placeholder="No limit"
                value={draft.days}
                onChange={(event) => change({ days: event.target.value })}
              />
            )}
          </Field>
          <div className="grid content-start gap-2">
            <Field
              label="When a server or read-only key leaks"
              hint="Client keys ship in your apps, so they are flagged, not revoked."
            >
              {(control) => (
                <Select
                  {...control}
                  value={draft.policy}
                  onChange={(event) => change({ policy: event.target.value })}
                >
                  <option value="revoke">Revoke it immediately</option>
                  <option value="minutes">Disable it after a delay</option>
                </Select>
              )}
            </Field>
            {draft.policy === 'minutes' && (
              <Field label="Delay" aside="minutes" error={fieldError(save.error, 'leaked_key_policy')}>
                {(control) => (
                  <Input
                    {...control}
                    type="number"
                    required
                    min={1}
                    max={DISABLE_AFTER_MINUTES_MAX}
                    value={draft.minutes}
                    onChange={(event) => change({ minutes: event.target.value })}
                  />
                )}
              </Field>
            )}
          </div>
          <div className="sm:col-span-2">
            <Button type="submit" variant="primary" disabled={isSame} isBusy={save.isPending}>
              Save key rules
            </Button>
          </div>
        </form>
      </CardBody>
    </Card>
  );
}
