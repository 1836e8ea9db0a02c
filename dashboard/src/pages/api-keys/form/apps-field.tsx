import { useCurrentApp } from '../../../api/apps.ts';
import { PLATFORM_NAMES } from '../../../components/platform.tsx';
import { Checkbox } from '../../../components/ui/checkbox.tsx';
import { FieldError, FieldGroup } from '../../../components/ui/field.tsx';
import { Segmented } from '../../../components/ui/segmented.tsx';

type AppsFieldProps = {
  appIds: readonly string[] | null;
  onChange: (appIds: readonly string[] | null) => void;
  error: string | undefined;
};

const CHOICES = [
  { value: 'all', label: 'All apps' },
  { value: 'some', label: 'Selected apps' },
] as const;

/** Which apps the key has access to. */
export function AppsField({ appIds, onChange, error }: AppsFieldProps) {
  const { apps, app } = useCurrentApp();
  const toggle = (id: string) => {
    const chosen = new Set(appIds ?? []);
    // At least one app stays selected: a key without apps could do nothing.
    if (!chosen.delete(id)) chosen.add(id);
    if (chosen.size > 0) onChange([...chosen]);
  };
  return (
    <FieldGroup label="Apps">
      <div>
        <Segmented
          label="Apps"
          value={appIds === null ? 'all' : 'some'}
          onChange={(value) => onChange(value === 'all' || !app ? null : [app.id])}
          options={CHOICES}
        />
      </div>
      {appIds === null ? (
        <p className="text-soft text-xs">Includes apps you add later.</p>
      ) : (
        <div className="grid gap-2.5 rounded-lg border px-4 py-3 sm:grid-cols-2">
          {apps.map(({ id, name, platform }) => (
            <Checkbox
              key={id}
              label={<bdi>{name}</bdi>}
              hint={PLATFORM_NAMES[platform]}
              checked={appIds.includes(id)}
              onCheckedChange={() => toggle(id)}
            />
          ))}
        </div>
      )}
      {error && <FieldError>{error}</FieldError>}
    </FieldGroup>
  );
}
