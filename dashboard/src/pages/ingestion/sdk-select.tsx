import { COUNTED_SDK_IDS, type CountedSdkId } from '../../../../src/ingestion/counted-sdk.ts';
import { Select } from '../../components/ui/select.tsx';
import { COUNTED_SDK_NAMES, findSdkId } from './counted-sdks.ts';

type SdkSelectProps = {
  value: CountedSdkId | undefined;
  onChange: (id: CountedSdkId | undefined) => void;
};

/** Chooses what sent the events that are shown. */
export function SdkSelect({ value, onChange }: SdkSelectProps) {
  return (
    <Select
      aria-label="SDK"
      className="max-w-44"
      value={value ?? ''}
      onChange={({ target }) => onChange(findSdkId(target.value))}
    >
      <option value="">All SDKs</option>
      {COUNTED_SDK_IDS.map((id) => (
        <option key={id} value={id}>
          {COUNTED_SDK_NAMES[id]}
        </option>
      ))}
    </Select>
  );
}
