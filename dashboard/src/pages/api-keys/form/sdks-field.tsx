import { KEY_SDKS, type KeySdk } from '../../../../../src/api/dialect.ts';
import { Checkbox } from '../../../components/ui/checkbox.tsx';
import { FieldError, FieldGroup } from '../../../components/ui/field.tsx';
import { Segmented } from '../../../components/ui/segmented.tsx';
import { SDK_NAMES } from '../../../lib/sdk-names.ts';

type SdksFieldProps = {
  /** Null: all SDKs, including future ones. */
  sdks: readonly KeySdk[] | null;
  onChange: (sdks: readonly KeySdk[] | null) => void;
  error: string | undefined;
};

const CHOICES = [
  { value: 'all', label: 'All SDKs' },
  { value: 'some', label: 'Selected SDKs' },
] as const;

/** Which SDKs can send events with the key. */
export function SdksField({ sdks, onChange, error }: SdksFieldProps) {
  const toggle = (sdk: KeySdk) => {
    const chosen = new Set(sdks ?? []);
    if (!chosen.delete(sdk)) chosen.add(sdk);
    onChange(KEY_SDKS.filter((one) => chosen.has(one)));
  };
  return (
    <FieldGroup label="SDKs">
      <div>
        <Segmented
          label="SDKs"
          value={sdks === null ? 'all' : 'some'}
          onChange={(value) => onChange(value === 'all' ? null : [])}
          options={CHOICES}
        />
      </div>
      {sdks === null ? (
        <p className="text-soft text-xs">Appflow's API and the SDKs of other vendors can send events.</p>
      ) : (
        <>
          <div className="grid gap-2.5 rounded-lg border px-4 py-3 sm:grid-cols-2">
            {KEY_SDKS.map((sdk) => (
              <Checkbox
                key={sdk}
                label={SDK_NAMES[sdk]}
                checked={sdks.includes(sdk)}
                onCheckedChange={() => toggle(sdk)}
              />
            ))}
          </div>
          <p className="text-soft text-xs">
            Requests from other SDKs are refused. SDKs that don't retry lose those events.
          </p>
        </>
      )}
      {error && <FieldError>{error}</FieldError>}
    </FieldGroup>
  );
}
