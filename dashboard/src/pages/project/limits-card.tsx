import { type FormEvent, useState } from 'react';
import type { KeyType, ProjectSettings } from '../../api/answers.ts';
import { fieldError } from '../../api/problem.ts';
import { LimitsFields } from '../../components/limits-fields.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { useSaveSettings } from './save-settings.ts';

/** Server keys have all categories. Other key types have other defaults. */
const DISPLAYED_TYPE: KeyType = 'server';

/** The default limits of keys without their own. */
export function LimitsCard({ settings }: { settings: ProjectSettings }) {
  const [limits, setLimits] = useState(settings.rate_limits);
  const save = useSaveSettings();
  const isSame = JSON.stringify(limits) === JSON.stringify(settings.rate_limits);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ rate_limits: limits });
  };
  return (
    <Card>
      <CardHeader
        title="Rate limits"
        description="Default limits for keys without their own. Each key is counted separately. Changes apply immediately."
      />
      <CardBody>
        <form onSubmit={submit} className="grid max-w-md gap-4">
          <LimitsFields
            type={DISPLAYED_TYPE}
            label={<span className="sr-only">Rate limits</span>}
            limits={limits}
            onChange={setLimits}
            hint="Leave empty to use the defaults (shown for server keys)."
            error={fieldError(save.error, 'rate_limits')}
          />
          <div>
            <Button type="submit" variant="primary" disabled={isSame} isBusy={save.isPending}>
              Save limits
            </Button>
          </div>
        </form>
      </CardBody>
    </Card>
  );
}
