import { type FormEvent, useState } from 'react';
import { RETENTION_DAYS_MAX } from '../../../../src/directory/project.ts';
import type { ProjectSettings } from '../../api/answers.ts';
import { fieldError } from '../../api/problem.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Input } from '../../components/ui/input.tsx';
import { useSaveSettings } from './save-settings.ts';

const inDays = (days: number) => `${days.toLocaleString('en-US')} ${days === 1 ? 'day' : 'days'}`;

/** How long events are kept. Keeping them for a shorter time deletes some, so the project's name must be typed first. */
export function RetentionCard({ settings }: { settings: ProjectSettings }) {
  const [text, setText] = useState(settings.retention_days?.toString() ?? '');
  const [isConfirming, setConfirming] = useState(false);
  const save = useSaveSettings();
  const days = text.trim() === '' ? null : Number(text);
  const deletesMore = days !== null && days < (settings.retention_days ?? Number.POSITIVE_INFINITY);
  const change = () => save.mutate({ retention_days: days }, { onSettled: () => setConfirming(false) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (deletesMore) setConfirming(true);
    else change();
  };
  return (
    <Card>
      <CardHeader
        title="Data retention"
        description="Events older than this are deleted every day, for all apps of the project. Deleted events can't be restored."
      />
      <CardBody>
        <form onSubmit={submit} className="flex flex-wrap items-end gap-3">
          <Field
            label="Keep events for (days)"
            hint="Leave empty to keep events forever."
            className="w-full max-w-sm"
            error={fieldError(save.error, 'retention_days')}
          >
            {(control) => (
              <Input
                {...control}
                type="number"
                min={1}
                max={RETENTION_DAYS_MAX}
                step={1}
                value={text}
                onChange={(event) => setText(event.target.value)}
              />
            )}
          </Field>
          <Button
            type="submit"
            variant="primary"
            disabled={days === settings.retention_days}
            isBusy={save.isPending}
          >
            Save retention
          </Button>
        </form>
      </CardBody>
      {isConfirming && days !== null && (
        <ConfirmDialog
          isDanger
          onClose={() => setConfirming(false)}
          title={`Delete events older than ${inDays(days)}?`}
          description="They are deleted within a minute and can't be restored. Metrics of earlier days become lower, including new users: people without newer events disappear."
          confirm="Delete older events"
          nameToType={settings.name}
          isBusy={save.isPending}
          onConfirm={change}
        />
      )}
    </Card>
  );
}
