import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { IngestionSample } from '../../api/answers.ts';
import { appsQuery } from '../../api/apps.ts';
import { useProject } from '../../api/project.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { Dialog, DialogBody, DialogFooter, SheetContent } from '../../components/ui/dialog.tsx';
import { formatExact } from '../../lib/format.ts';
import { nameSdk } from './counted-sdks.ts';
import { indentJson } from './indent-json.ts';

type SampleSheetProps = {
  sample: IngestionSample | undefined;
  nameOfKey: (id: string) => string;
  onClose: () => void;
};

/** Everything about one rejected event, in a panel at the right. Closed without a sample. */
export function SampleSheet({ sample, nameOfKey, onClose }: SampleSheetProps) {
  return (
    <Dialog open={sample !== undefined} onOpenChange={(isOpen) => !isOpen && onClose()}>
      {sample && (
        <SheetContent
          title={<span className="break-all font-mono">{sample.code}</span>}
          description={formatExact(sample.at, 'UTC')}
        >
          <DialogBody className="grid content-start gap-6">
            <Callout tone="bad" title={<span className="wrap-anywhere">{sample.field}</span>}>
              {sample.message}
            </Callout>
            <Facts sample={sample} nameOfKey={nameOfKey} />
            <EventJson sample={sample} />
          </DialogBody>
          <DialogFooter className="justify-start">
            <CopyButton
              text={JSON.stringify(sample, null, 2)}
              what="sample as JSON"
              hasLabel
              variant="secondary"
            />
          </DialogFooter>
        </SheetContent>
      )}
    </Dialog>
  );
}

function EventJson({ sample: { event, truncated } }: { sample: IngestionSample }) {
  return (
    <section className="grid min-w-0 gap-2">
      <h3 className="font-medium text-soft text-xs">Event{truncated && ' (first 2 KB)'}</h3>
      {event === null ? (
        <p className="text-note text-soft">Not kept, because the person was erased.</p>
      ) : (
        <CodeBlock code={indentJson(event)} copied={event} what="event" />
      )}
    </section>
  );
}

function Facts({ sample, nameOfKey }: { sample: IngestionSample; nameOfKey: (id: string) => string }) {
  const { project } = useProject();
  const { data: apps = [] } = useQuery(appsQuery(project.id));
  const { app_id, key_id, sdk_id, sdk, event_id } = sample;
  const app = apps.find(({ id }) => id === app_id)?.name ?? app_id;
  return (
    <dl className="grid grid-cols-[7.5rem_minmax(0,1fr)] gap-x-4 gap-y-2 text-note">
      <Fact name="App">{app ?? 'Unknown'}</Fact>
      <Fact name="Key">{nameOfKey(key_id)}</Fact>
      <Fact name="SDK">{nameSdk(sdk_id)}</Fact>
      <Fact name="Name and version">{sdk || 'Not named'}</Fact>
      {event_id !== null && <Fact name="Event ID">{event_id}</Fact>}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd className="wrap-anywhere min-w-0">
        <bdi>{children}</bdi>
      </dd>
    </>
  );
}
