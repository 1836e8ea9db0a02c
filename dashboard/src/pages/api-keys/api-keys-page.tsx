import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import type { ApiKey, MintedKey } from '../../api/answers.ts';
import { useProject } from '../../api/project.ts';
import { Page } from '../../components/page.tsx';
import { EmptyState, ErrorState } from '../../components/states.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card } from '../../components/ui/card.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { CreateKeyDialog } from './create-key-dialog.tsx';
import { filterKeys } from './filter-keys.ts';
import { KeyFilters } from './key-filters.tsx';
import type { KeyIntent } from './key-intent.ts';
import { KeySheet } from './key-sheet.tsx';
import { KeyTable } from './key-table.tsx';
import { keysQuery, useUsageOf } from './keys-api.ts';
import { RevokeDialog } from './revoke-dialog.tsx';
import { RotateDialog } from './rotate-dialog.tsx';
import { SafetyPanel } from './safety-panel.tsx';
import { SecretDialog } from './secret-dialog.tsx';

/** Settings → API keys: what exists, whether it is safe, and everything that can be done with it. */
export function ApiKeysPage() {
  const { project, can } = useProject();
  const [isCreating, setCreating] = useState(false);
  const [minted, setMinted] = useState<MintedKey>();
  const keys = useQuery(keysQuery(project.id));
  const mayWrite = can('keys:write');
  const createButton = mayWrite && (
    <Button variant="primary" onClick={() => setCreating(true)}>
      <Plus aria-hidden />
      Create API key
    </Button>
  );
  return (
    <Page
      title="API keys"
      description="Every request to the API carries a key. A key does what it was made for, until the moment it is revoked."
      actions={createButton}
    >
      {keys.isPending ? (
        <Card>
          <SkeletonRows rows={6} />
        </Card>
      ) : keys.isError ? (
        <Card>
          <ErrorState what="The keys could not be loaded" error={keys.error} onRetry={keys.refetch} />
        </Card>
      ) : keys.data.length === 0 ? (
        <Card>
          <EmptyState icon={KeyRound} title="No API keys yet" actions={createButton}>
            Create a client key for your app to send its first event, or a server key for your backend.
          </EmptyState>
        </Card>
      ) : (
        <Keys keys={keys.data} onMinted={setMinted} />
      )}
      <CreateKeyDialog isOpen={isCreating} onClose={() => setCreating(false)} onMinted={setMinted} />
      {minted && <SecretDialog minted={minted} onClose={() => setMinted(undefined)} />}
    </Page>
  );
}

function Keys({ keys, onMinted }: { keys: readonly ApiKey[]; onMinted: (minted: MintedKey) => void }) {
  const search = useSearch({ from: '/signed-in/p/$projectId/settings/api-keys' });
  const navigate = useNavigate();
  const usage = useUsageOf(keys);
  const [intent, setIntent] = useState<KeyIntent>();
  const shown = filterKeys(keys, search);
  const opened = keys.find(({ id }) => id === search.key);
  const meant = keys.find(({ id }) => id === intent?.keyId);
  const open = (key: string | undefined) =>
    void navigate({
      to: '.',
      search: ({ key: _key, tab: _tab, ...rest }) => ({ ...rest, ...(key && { key }) }),
    });
  return (
    <>
      <SafetyPanel keys={keys} usage={usage} onOpen={open} />
      <Card>
        <KeyFilters total={keys.length} shown={shown.length} />
        <KeyTable keys={shown} all={keys} usage={usage} onOpen={open} onIntent={setIntent} />
      </Card>
      <KeySheet opened={opened} all={keys} onClose={() => open(undefined)} onIntent={setIntent} />
      <RotateDialog
        subject={intent?.verb === 'rotate' ? meant : undefined}
        onClose={() => setIntent(undefined)}
        onMinted={onMinted}
      />
      <RevokeDialog
        subject={intent?.verb === 'revoke' ? meant : undefined}
        onClose={() => setIntent(undefined)}
      />
    </>
  );
}
