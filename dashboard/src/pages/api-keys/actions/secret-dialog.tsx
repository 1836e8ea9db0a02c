import { Download } from 'lucide-react';
import { useState } from 'react';
import type { KeyWithSecret } from '../../../api/answers.ts';
import { useCurrentApp } from '../../../api/apps.ts';
import { CodeBlock } from '../../../components/code-block.tsx';
import { CopyButton } from '../../../components/copy-button.tsx';
import { ShownOnceDialog } from '../../../components/shown-once-dialog.tsx';
import { Button } from '../../../components/ui/button.tsx';
import { Callout } from '../../../components/ui/callout.tsx';
import { downloadText } from '../../../lib/download.ts';
import { curlSnippet, envFile } from './key-snippets.ts';

type SecretDialogProps = { apiKey: KeyWithSecret; onClose: () => void };

/** Shows a new secret, the only time it is visible. Closes only after the person confirms that it is stored. */
export function SecretDialog({ apiKey, onClose }: SecretDialogProps) {
  const { app } = useCurrentApp();
  const [eventId] = useState(() => `hello-${Date.now().toString(36)}`);
  const context = { origin: window.location.origin, appId: apiKey.app_ids?.[0] ?? app?.id, eventId };
  const isRotated = (apiKey.secrets[0]?.version ?? 1) > 1;
  return (
    <ShownOnceDialog
      title={isRotated ? 'Your new secret' : 'Your new API key'}
      description={`${apiKey.name} · ${apiKey.id}`}
      className="max-w-3xl"
      confirmation="I have stored this key"
      onClose={onClose}
    >
      <Callout tone="warn" title="This key is shown only once">
        Store it now. Appflow keeps only a hash of it, so a lost key can't be recovered, only replaced.
      </Callout>
      <section aria-label="The key" className="grid gap-2">
        <output className="block break-all rounded-lg border border-input bg-surface px-4 py-3 font-mono text-sm leading-relaxed">
          {apiKey.key}
        </output>
        <div className="flex flex-wrap gap-2">
          <CopyButton text={apiKey.key} what="key" hasLabel variant="primary" />
          <Button size="sm" onClick={() => downloadText('appflow.env', envFile(apiKey, apiKey.key, context))}>
            <Download aria-hidden />
            Download .env
          </Button>
        </div>
      </section>
      <section className="grid gap-2">
        <h3 className="font-medium text-sm">Try it</h3>
        <CodeBlock what="curl command" code={curlSnippet(apiKey, apiKey.key, context)} />
        {apiKey.ip_allowlist.length > 0 && (
          <p className="text-soft text-xs">
            This key only works from {apiKey.ip_allowlist.join(', ')}. Other addresses get a 403 error.
          </p>
        )}
      </section>
    </ShownOnceDialog>
  );
}
