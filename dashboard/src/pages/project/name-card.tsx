import { type FormEvent, useState } from 'react';
import { NAME_RULES } from '../../../../src/directory/field-rules.ts';
import type { ProjectSettings } from '../../api/answers.ts';
import { fieldError } from '../../api/problem.ts';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Input } from '../../components/ui/input.tsx';
import { useSaveSettings } from './save-settings.ts';

/** The project's name. */
export function NameCard({ settings }: { settings: ProjectSettings }) {
  const [name, setName] = useState(settings.name);
  const save = useSaveSettings();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ name: name.trim() });
  };
  return (
    <Card>
      <CardHeader title="Name" />
      <CardBody>
        <form onSubmit={submit} className="flex flex-wrap items-end gap-3">
          <Field label="Project name" className="w-full max-w-sm" error={fieldError(save.error, 'name')}>
            {(control) => (
              <Input
                {...control}
                required
                maxLength={NAME_RULES.maxLength}
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Field>
          <Button
            type="submit"
            variant="primary"
            disabled={name.trim() === settings.name || name.trim() === ''}
            isBusy={save.isPending}
          >
            Save name
          </Button>
        </form>
      </CardBody>
    </Card>
  );
}
