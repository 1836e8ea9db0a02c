import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import type { ApiKey, MintedKey } from '../../api/answers.ts';
import { keysQuery, useUsageOf } from '../../api/keys.ts';
import { useProject } from '../../api/project.ts';
import { Page } from '../../components/page.tsx';
import { Pager } from '../../components/pager.tsx';
import { QueryState } from '../../components/query-state.tsx';
import { EmptyState } from '../../components/states.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card } from '../../components/ui/card.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { pageOf } from '../../lib/pages.ts';
import { RevokeDialog } from './actions/revoke-dialog.tsx';
import { RotateDialog } from './actions/rotate-dialog.tsx';
import { SecretDialog } from './actions/secret-dialog.tsx';
import { KeySheet } from './details/key-sheet.tsx';
import { CreateKeyDialog } from './form/create-key-dialog.tsx';
import type { KeyIntent } from './key/key-labels.ts';
import { filterKeys } from './list/filter-keys.ts';
import { KeyFilters } from './list/key-filters.tsx';
import { KeyTable } from './list/key-table.tsx';
import { SafetyPanel } from './list/safety-panel.tsx';

/** Each key on the page has its usage asked for: well inside a member's burst of management requests. */
const PAGE_KEYS = 25;

/** Settings → API keys: what exists, whether it is safe, and everything that can be done with it. */
export function ApiKeysPage() {
  const { project, can } = useProject();
  const [isCreating, setCreating] = useState(false);
  const [minted, setMinted] = useState<MintedKey>();
  const keys = useQuery(keysQuery(project.id));
  const createButton = can('keys:write') && (
    <Button variant="primary" onClick={() => setCreating(true)}>
      <Plus aria-hidden />
      Create API key
    </Button>
  );
  const reveal = (made: MintedKey) => {
    setCreating(false);
    setMinted(made);
  };
  return (
    <Page
      title="API keys"
      description="Every request to the API carries a key. A key does what it was made for, until the moment it is revoked."
      actions={createButton}
    >
      <QueryState
        query={keys}
        what="The keys could not be loaded"
        isCarded
        pending={<SkeletonRows rows={6} />}
      >
        {(all) =>
          all.length > 0 ? (
            <Keys keys={all} onMinted={reveal} />
          ) : (
            <Card>
              <EmptyState icon={KeyRound} title="No API keys yet" actions={createButton}>
                Create a client key for your app to send its first event, or a server key for your backend.
              </EmptyState>
            </Card>
          )
        }
      </QueryState>
      {isCreating && <CreateKeyDialog onClose={() => setCreating(false)} onMinted={reveal} />}
      {minted && <SecretDialog minted={minted} onClose={() => setMinted(undefined)} />}
    </Page>
  );
}

function Keys({ keys, onMinted }: { keys: readonly ApiKey[]; onMinted: (minted: MintedKey) => void }) {
  const search = useSearch({ from: '/signed-in/p/$projectId/settings/api-keys' });
  const navigate = useNavigate();
  const shown = filterKeys(keys, search);
  const page = pageOf(shown, search.page, PAGE_KEYS);
  const usage = useUsageOf(page.items);
  const [intent, setIntent] = useState<KeyIntent>();
  const meant = keys.find(({ id }) => id === intent?.keyId);
  const endIntent = () => setIntent(undefined);
  const open = (key: string) => void navigate({ to: '.', search: (was) => ({ ...was, key }) });
  // In place of the open sheet: "back" must not open it again.
  const close = () =>
    void navigate({ to: '.', replace: true, search: ({ key: _key, tab: _tab, ...rest }) => rest });
  const turn = (next: number) =>
    void navigate({ to: '.', search: (was) => ({ ...was, page: String(next) }), resetScroll: false });
  return (
    <>
      <SafetyPanel keys={keys} usage={usage.hours} onOpen={open} />
      <Card>
        <KeyFilters total={keys.length} shown={shown.length} />
        <KeyTable keys={page.items} all={keys} usage={usage} onOpen={open} onIntent={setIntent} />
        <Pager page={page} total={shown.length} onChange={turn} />
      </Card>
      <KeySheet openedId={search.key} all={keys} onClose={close} onIntent={setIntent} />
      {meant && intent?.verb === 'rotate' && (
        <RotateDialog
          subject={meant}
          onClose={endIntent}
          onMinted={(minted) => {
            endIntent();
            onMinted(minted);
          }}
        />
      )}
      {meant && intent?.verb === 'revoke' && <RevokeDialog subject={meant} onClose={endIntent} />}
    </>
  );
}
