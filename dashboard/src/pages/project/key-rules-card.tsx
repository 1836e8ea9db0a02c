import { type FormEvent, useState } from 'react';
import { DISABLE_AFTER_MINUTES_MAX, KEY_LIFETIME_DAYS_MAX } from '../../../../src/directory/project.ts';
import type { ProjectSettings } from '../../api/answers.ts';
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
    save.mutate({
      max_key_lifetime_days: draft.days === '' ? null : Number(draft.days),
      leaked_key_policy: draft.policy === 'revoke' ? 'revoke' : Number(draft.minutes),
    });
  };
  const isSame = JSON.stringify(before) === JSON.stringify(draft);
  return (
    <Card>
      <CardHeader title="API keys" description="Rules for new keys, and for keys found in public places." />
      <CardBody>
        <form onSubmit={submit} className="grid gap-4 sm:grid-cols-2">
          <Field
            label="Longest life of a key"
            aside="days"
            hint="Empty: keys may live for ever. Keys that exist keep their end."
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
              hint="Client keys are in every app: a report only marks them."
            >
              {(control) => (
                <Select
                  {...control}
                  value={draft.policy}
                  onChange={(event) => change({ policy: event.target.value })}
                >
                  <option value="revoke">Revoke it at once</option>
                  <option value="minutes">Disable it after some minutes</option>
                </Select>
              )}
            </Field>
            {draft.policy === 'minutes' && (
              <Field label="Minutes until it is disabled">
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
