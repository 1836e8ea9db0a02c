import { useNavigate, useSearch } from '@tanstack/react-router';
import type { App } from '../../api/answers.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { Tabs, TabsContent, TabsList, TabsTrigger } from '../../components/ui/tabs.tsx';
import { clientSnippet } from '../new-project/first-snippets.ts';
import { sendCommand } from './commands.ts';
import { KeyNote, useClientKey } from './key-note.tsx';
import { SDK_GUIDES } from './sdk-guides/sdk-guides.ts';
import { SdkSteps } from './sdk-steps.tsx';

const LINK_CLASSES = 'text-link underline underline-offset-2';

/** How to send the first event: with `curl`, Appflow's client or the SDK of another vendor. The choice is in the URL. */
export function SendEvent({ app }: { app: App }) {
  const { with: tab = 'curl' } = useSearch({ from: '/signed-in/p/$projectId/docs' });
  const navigate = useNavigate();
  const open = (next: string) =>
    void navigate({ to: '.', replace: true, search: (search) => ({ ...search, with: next }) });
  return (
    <Tabs value={tab} onValueChange={open} className="min-w-0">
      <TabsList aria-label="Send with" className="flex-wrap gap-y-2">
        <TabsTrigger value="curl">curl</TabsTrigger>
        <TabsTrigger value="appflow">Appflow client</TabsTrigger>
        {SDK_GUIDES.map(({ id, name }) => (
          <TabsTrigger key={id} value={id}>
            {name}
          </TabsTrigger>
        ))}
      </TabsList>
      <TabsContent value="curl">
        <Curl app={app} />
      </TabsContent>
      <TabsContent value="appflow">
        <AppflowClient app={app} />
      </TabsContent>
      {SDK_GUIDES.map((guide) => (
        <TabsContent key={guide.id} value={guide.id}>
          <SdkSteps guide={guide} app={app} />
        </TabsContent>
      ))}
    </Tabs>
  );
}

function Curl({ app }: { app: App }) {
  const found = useClientKey('appflow', app);
  return (
    <div className="grid gap-2">
      <CodeBlock code={sendCommand({ origin: window.location.origin, appId: app.id })} />
      <KeyNote found={found} sdkName="Appflow" app={app} variable="CLIENT_KEY" />
    </div>
  );
}

function AppflowClient({ app }: { app: App }) {
  const found = useClientKey('appflow', app);
  const context = { origin: window.location.origin, appId: app.id, key: found.placeholder };
  return (
    <div className="grid gap-2">
      <CodeBlock what="code" code={clientSnippet(context)} />
      <KeyNote found={found} sdkName="Appflow" app={app} />
      <p className="text-note text-soft">
        For browsers, React Native and Node; see the{' '}
        <a href="/docs/client" target="_blank" rel="noreferrer" className={LINK_CLASSES}>
          client's guide<span className="sr-only"> (new tab)</span>
        </a>
        . For Swift, Kotlin, Flutter and Unity, there are{' '}
        <a href="/docs/snippets" target="_blank" rel="noreferrer" className={LINK_CLASSES}>
          snippets<span className="sr-only"> (new tab)</span>
        </a>
        .
      </p>
    </div>
  );
}
