import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import type { ApiKey, KeyWithSecret } from '../../api/answers.ts';
import { keysQuery, refreshKeys, refreshKeysUsage, useKeysUsage } from '../../api/keys.ts';
import { useProject } from '../../api/project.ts';
import { Page } from '../../components/page.tsx';
import { Pager } from '../../components/pager.tsx';
import { QueryState } from '../../components/query-state.tsx';
import { EmptyState } from '../../components/states.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card } from '../../components/ui/card.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { paginate } from '../../lib/paginate.ts';
import { RevokeDialog } from './actions/revoke-dialog.tsx';
import { RotateDialog } from './actions/rotate-dialog.tsx';
import { SecretDialog } from './actions/secret-dialog.tsx';
import { KeySheet } from './details/key-sheet.tsx';
import { CreateKeyDialog } from './form/create-key-dialog.tsx';
import type { KeyAction } from './key/key-labels.ts';
import { filterKeys } from './list/filter-keys.ts';
import { KeyFilters } from './list/key-filters.tsx';
import { KeyTable } from './list/key-table.tsx';
import { SafetyPanel } from './list/safety-panel.tsx';

/** The usage of each key on the page is requested: well within a member's burst of management requests. */
const PAGE_KEYS = 25;

/** Settings → API keys: all keys, their risks, and every action on them. */
export function ApiKeysPage() {
  const { project, can } = useProject();
  const { isCreating, setCreating } = useCreating();
  const [newSecret, setNewSecret] = useState<KeyWithSecret>();
  const keys = useQuery(keysQuery(project.id));
  const createButton = can('keys:write') && (
    <Button variant="primary" onClick={() => setCreating(true)}>
      <Plus aria-hidden />
      Create API key
    </Button>
  );
  const client = useQueryClient();
  const closeSecret = () => {
    setNewSecret(undefined);
    // It was probably tried out while it was shown.
    refreshKeys(client, project.id);
    refreshKeysUsage(client, project.id);
  };
  const reveal = (created: KeyWithSecret) => {
    setCreating(false);
    setNewSecret(created);
  };
  return (
    <Page
      title="API keys"
      docs="/docs/authentication"
      description="Every API request needs a key. Keys can only do what you allow and stop working the moment you revoke them."
      actions={createButton}
    >
      <QueryState query={keys} what="Couldn't load the keys" hasCard pending={<SkeletonRows rows={6} />}>
        {(all) =>
          all.length > 0 ? (
            <Keys keys={all} onSecret={reveal} />
          ) : (
            <Card>
              <EmptyState icon={KeyRound} title="No API keys yet" actions={createButton}>
                Create a client key for your app to send its first event, or a server key for your backend.
              </EmptyState>
            </Card>
          )
        }
      </QueryState>
      {isCreating && <CreateKeyDialog onClose={() => setCreating(false)} onSecret={reveal} />}
      {newSecret && <SecretDialog apiKey={newSecret} onClose={closeSecret} />}
    </Page>
  );
}

/** Whether the dialog that creates a key is open: opened on the page, or by a link with `?create=1`. */
function useCreating() {
  const { create } = useSearch({ from: '/signed-in/p/$projectId/settings/api-keys' });
  const navigate = useNavigate();
  const { can } = useProject();
  const [isOpen, setOpen] = useState(false);
  const setCreating = (isCreating: boolean) => {
    setOpen(isCreating);
    if (isCreating || create === undefined) return;
    void navigate({ to: '.', replace: true, search: ({ create: _, ...rest }) => rest });
  };
  return { isCreating: isOpen || (create !== undefined && can('keys:write')), setCreating };
}

function Keys({ keys, onSecret }: { keys: readonly ApiKey[]; onSecret: (apiKey: KeyWithSecret) => void }) {
  const search = useSearch({ from: '/signed-in/p/$projectId/settings/api-keys' });
  const navigate = useNavigate();
  const shown = filterKeys(keys, search);
  const page = paginate(shown, search.page, PAGE_KEYS);
  const usage = useKeysUsage(page.items);
  const [action, setAction] = useState<KeyAction>();
  const target = keys.find(({ id }) => id === action?.keyId);
  const closeAction = () => setAction(undefined);
  const open = (key: string) => void navigate({ to: '.', search: (previous) => ({ ...previous, key }) });
  // Replaces the entry of the open sheet: "back" must not open it again.
  const close = () =>
    void navigate({ to: '.', replace: true, search: ({ key: _key, tab: _tab, ...rest }) => rest });
  const turnTo = (next: number) =>
    void navigate({
      to: '.',
      search: (previous) => ({ ...previous, page: String(next) }),
      resetScroll: false,
    });
  return (
    <>
      <SafetyPanel keys={keys} usage={usage.hours} onOpen={open} />
      <Card>
        <KeyFilters total={keys.length} shown={shown.length} />
        <KeyTable keys={page.items} all={keys} usage={usage} onOpen={open} onAction={setAction} />
        <Pager page={page} total={shown.length} onChange={turnTo} />
      </Card>
      <KeySheet openedId={search.key} all={keys} onClose={close} onAction={setAction} />
      {target && action?.kind === 'rotate' && (
        <RotateDialog
          apiKey={target}
          onClose={closeAction}
          onSecret={(apiKey) => {
            closeAction();
            onSecret(apiKey);
          }}
        />
      )}
      {target && action?.kind === 'revoke' && <RevokeDialog apiKey={target} onClose={closeAction} />}
    </>
  );
}
