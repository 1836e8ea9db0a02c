import { useNavigate, useSearch } from '@tanstack/react-router';
import type { App } from '../../api/answers.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Select } from '../../components/ui/select.tsx';
import { KeyNote, useClientKey } from './key-note.tsx';
import { fillIn, PLATFORMS, renderSetup, type SdkGuide } from './sdk-guides/sdk-guide.ts';

/** How to send the first event with the SDK of another vendor, on the platform that the URL names. */
export function SdkSteps({ guide, app }: { guide: SdkGuide; app: App }) {
  const { on: platform } = useSearch({ from: '/signed-in/p/$projectId/docs' });
  const found = useClientKey(guide.id, app);
  const offered = PLATFORMS.filter(({ id }) => guide.platforms[id] !== undefined);
  const chosen = offered.find(({ id }) => id === platform) ?? offered[0];
  const setup = chosen && guide.platforms[chosen.id];
  if (!chosen || !setup) return null;
  const values = { origin: window.location.origin, key: found.placeholder };
  return (
    <div className="grid gap-3">
      <PlatformField platform={chosen.id} offered={offered} />
      <div className="grid min-w-0 gap-1.5">
        <p className="text-note text-soft">{setup.installWhere ?? chosen.install}</p>
        <CodeBlock what="install line" code={setup.install} />
      </div>
      <div className="grid min-w-0 gap-1.5">
        <p className="text-note text-soft">In your app:</p>
        <CodeBlock what="code" code={renderSetup(setup, values)} />
      </div>
      <KeyNote found={found} sdkName={guide.name} app={app} />
      <p className="text-note text-soft">
        {guide.note && `${fillIn(guide.note, values)} `}
        Not supported: {guide.unsupported.replaceAll('`', '')}{' '}
        <a
          href={`/docs/sdks#${guide.id}`}
          target="_blank"
          rel="noreferrer"
          className="text-link underline underline-offset-2"
        >
          {guide.name} SDK guide<span className="sr-only"> (new tab)</span>
        </a>
      </p>
    </div>
  );
}

type PlatformFieldProps = { platform: string; offered: readonly { id: string; name: string }[] };

function PlatformField({ platform, offered }: PlatformFieldProps) {
  const navigate = useNavigate();
  const choose = (next: string) =>
    void navigate({ to: '.', replace: true, search: (search) => ({ ...search, on: next }) });
  return (
    <Field label="Platform" className="max-w-60">
      {(control) => (
        <Select {...control} value={platform} onChange={({ target }) => choose(target.value)}>
          {offered.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}
