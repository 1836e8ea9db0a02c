import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { KeySdk } from '../../../../src/api/dialect.ts';
import type { ApiKey, App } from '../../api/answers.ts';
import { useCurrentApp } from '../../api/apps.ts';
import { keysQuery } from '../../api/keys.ts';
import { useProject } from '../../api/project.ts';
import { Button } from '../../components/ui/button.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { chooseClientKey } from './choose-client-key.ts';

/** Which client key goes into a snippet. `placeholder` stands for it: keys are never shown again. */
export type ClientKey = {
  key: ApiKey | undefined;
  placeholder: string;
  /** Whether the keys are known, and none of them works. */
  isMissing: boolean;
  hasOtherApps: boolean;
};

/** Returns the client key of the project that an SDK can use for an app. Members who can't see keys get a general placeholder. */
export function useClientKey(sdk: KeySdk, app: App): ClientKey {
  const { project, can } = useProject();
  const { apps } = useCurrentApp();
  const { data } = useQuery({ ...keysQuery(project.id), enabled: can('keys:read') });
  const hasOtherApps = apps.length > 1;
  const key = chooseClientKey(data ?? [], { sdk, appId: app.id, hasOtherApps });
  const placeholder = key?.hint ?? 'ck_af1_…';
  return { key, placeholder, isMissing: data !== undefined && key === undefined, hasOtherApps };
}

type KeyNoteProps = {
  found: ClientKey;
  sdkName: string;
  app: App;
  /** The variable that the code reads the key from; without it, the placeholder is in the code. */
  variable?: string;
};

/** Says which key replaces the placeholder, or that one has to be created. */
export function KeyNote({ found, sdkName, app, variable }: KeyNoteProps) {
  const { key, placeholder, isMissing, hasOtherApps } = found;
  if (isMissing) return <MissingKey sdkName={sdkName} app={app} hasOtherApps={hasOtherApps} />;
  return (
    <p className="text-note text-soft">
      {variable ? (
        <>
          Set <code className="font-mono">{variable}</code> to
        </>
      ) : (
        <>
          Replace <code className="font-mono">{placeholder}</code> with
        </>
      )}{' '}
      the whole key
      {key ? (
        <>
          {' '}
          of <bdi>{key.name}</bdi>. It was shown when it was created.
        </>
      ) : (
        '.'
      )}
    </p>
  );
}

type MissingKeyProps = { sdkName: string; app: App; hasOtherApps: boolean };

function MissingKey({ sdkName, app, hasOtherApps }: MissingKeyProps) {
  const { project, can } = useProject();
  const canCreate = can('keys:write');
  const needsOneApp = hasOtherApps && sdkName !== 'Appflow';
  return (
    <Callout
      tone="warn"
      title="No client key works here yet"
      actions={
        canCreate && (
          <Button asChild size="sm">
            <Link
              to="/p/$projectId/settings/api-keys"
              params={{ projectId: project.id }}
              search={{ create: '1', app: app.id }}
            >
              Create API key
            </Link>
          </Button>
        )
      }
    >
      {needsOneApp && `${sdkName}'s SDKs can't name an app. `}
      {canCreate ? 'Create' : 'Ask an admin or owner to create'} a client key for <bdi>{app.name}</bdi>
      {needsOneApp ? ' only' : ''} that allows {sdkName}.
    </Callout>
  );
}
