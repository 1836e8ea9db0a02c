import type { Installation } from '../../api/answers.ts';
import { Callout } from '../../components/ui/callout.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { formatBytes } from '../../lib/format.ts';
import { describeForecast } from './describe-forecast.ts';

/** The free space of the data folder's disk, and when it is full. */
export function DiskCard({ disk }: { disk: Installation['disk'] }) {
  const { free_bytes, total_bytes, forecast } = disk;
  const usedBytes = Math.max(0, total_bytes - free_bytes);
  const used = total_bytes === 0 ? 0 : (usedBytes / total_bytes) * 100;
  const { tone, title, text } = describeForecast(forecast);
  return (
    <Card>
      <CardHeader
        title="Disk"
        description={`${formatBytes(free_bytes)} of ${formatBytes(total_bytes)} free on the disk of the data folder.`}
      />
      <CardBody className="grid gap-4">
        <div aria-hidden className="h-2 overflow-hidden rounded-full bg-muted">
          <div className="h-full rounded-full bg-chart-1" style={{ width: `${used}%` }} />
        </div>
        <Callout tone={tone} title={title}>
          {text}
        </Callout>
      </CardBody>
    </Card>
  );
}
