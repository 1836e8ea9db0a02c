import { useNavigate, useSearch } from '@tanstack/react-router';
import { KeyRound } from 'lucide-react';
import type { ApiKey } from '../../../api/answers.ts';
import { useProject } from '../../../api/project.ts';
import { EmptyState } from '../../../components/states.tsx';
import { Dialog, DialogBody, SheetContent } from '../../../components/ui/dialog.tsx';
import { Tabs, TabsContent, TabsList, TabsTrigger } from '../../../components/ui/tabs.tsx';
import { EditKeyForm } from '../form/edit-key-form.tsx';
import type { KeyAction } from '../key/key-labels.ts';
import { isAlive } from '../key/key-labels.ts';
import { KeyActivity } from './key-activity.tsx';
import { KeyDetails } from './key-details.tsx';
import { KeyUsagePanel } from './key-usage-panel.tsx';

type KeySheetProps = {
  openedId: string | undefined;
  all: readonly ApiKey[];
  onClose: () => void;
  onAction: (action: KeyAction) => void;
};

/** Everything about one key: details, usage, activity, settings. The tab is in the URL. */
export function KeySheet({ openedId, all, onClose, onAction }: KeySheetProps) {
  const opened = all.find(({ id }) => id === openedId);
  return (
    <Dialog open={openedId !== undefined} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <SheetContent title={<bdi>{opened?.name ?? 'Key not found'}</bdi>} description={openedId}>
        <DialogBody>
          {opened ? (
            <Parts key={openedId} apiKey={opened} all={all} onAction={onAction} />
          ) : (
            <EmptyState icon={KeyRound} title="Key not found">
              This project has no key with this ID. Check the link, or switch to the project it belongs to.
            </EmptyState>
          )}
        </DialogBody>
      </SheetContent>
    </Dialog>
  );
}

type PartsProps = Pick<KeySheetProps, 'all' | 'onAction'> & { apiKey: ApiKey };

function Parts({ apiKey, all, onAction }: PartsProps) {
  const { tab = 'details' } = useSearch({ from: '/signed-in/p/$projectId/settings/api-keys' });
  const { can } = useProject();
  const navigate = useNavigate();
  const canChange = can('keys:write') && isAlive(apiKey.status);
  const open = (next: string) =>
    void navigate({ to: '.', replace: true, search: (search) => ({ ...search, tab: next }) });
  return (
    <Tabs value={tab} onValueChange={open}>
      <TabsList aria-label="About this key">
        <TabsTrigger value="details">Details</TabsTrigger>
        <TabsTrigger value="usage">Usage</TabsTrigger>
        {can('audit:read') && <TabsTrigger value="activity">Activity</TabsTrigger>}
        {canChange && <TabsTrigger value="settings">Settings</TabsTrigger>}
      </TabsList>
      <TabsContent value="details">
        <KeyDetails apiKey={apiKey} all={all} onAction={onAction} />
      </TabsContent>
      <TabsContent value="usage">
        <KeyUsagePanel apiKey={apiKey} />
      </TabsContent>
      <TabsContent value="activity">
        <KeyActivity apiKey={apiKey} all={all} />
      </TabsContent>
      {canChange && (
        <TabsContent value="settings">
          <EditKeyForm apiKey={apiKey} />
        </TabsContent>
      )}
    </Tabs>
  );
}
