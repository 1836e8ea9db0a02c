import type { ProjectSettings } from '../../api/answers.ts';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { Switch } from '../../components/ui/switch.tsx';
import { useSaveSettings } from './save-settings.ts';

/** Whether client-reported revenue counts. */
export function RevenueCard({ settings }: { settings: ProjectSettings }) {
  const save = useSaveSettings();
  return (
    <Card>
      <CardHeader title="Revenue" />
      <CardBody>
        <Switch
          label="Count revenue reported by client keys"
          hint="Client-reported revenue can be forged. Turn this off to count only revenue sent from your backend."
          checked={settings.count_unverified_revenue}
          disabled={save.isPending}
          onCheckedChange={(isOn) => save.mutate({ count_unverified_revenue: isOn })}
        />
      </CardBody>
    </Card>
  );
}
