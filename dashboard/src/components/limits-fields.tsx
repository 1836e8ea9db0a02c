import type { ReactNode } from 'react';
import type { KeyRateLimits, KeyType } from '../api/answers.ts';
import { cn } from '../lib/class-names.ts';
import { formatCount } from '../lib/format.ts';
import {
  defaultRate,
  LIMIT_PARTS,
  type LimitPart,
  type Rate,
  readLimit,
  withLimit,
} from '../lib/limits-draft.ts';
import { FieldError, FieldGroup } from './ui/field.tsx';
import { Input } from './ui/input.tsx';

type LimitsFieldsProps = {
  type: KeyType;
  limits: KeyRateLimits | null;
  onChange: (limits: KeyRateLimits | null) => void;
  label?: ReactNode;
  hint?: string;
  error?: string | undefined;
};

/** Rate limits of a key. An empty field means the project's default. */
export function LimitsFields({
  type,
  limits,
  onChange,
  label = 'Rate limits',
  hint,
  error,
}: LimitsFieldsProps) {
  const parts = LIMIT_PARTS.filter(({ types }) => types.includes(type));
  return (
    <FieldGroup label={label} hint={hint ?? 'Leave empty to use the project defaults.'}>
      <div className="grid gap-2">
        <div aria-hidden className={cn(ROW, 'text-soft text-xs')}>
          <span className="col-start-2">per second</span>
          <span>burst</span>
        </div>
        {parts.map(({ part, label, unit }) => (
          <LimitRow
            key={part}
            part={part}
            label={label}
            unit={unit}
            defaults={defaultRate(type, part)}
            value={readLimit(limits, part)}
            onChange={(rate) => onChange(withLimit(limits, part, rate))}
          />
        ))}
      </div>
      {error && <FieldError>{error}</FieldError>}
    </FieldGroup>
  );
}

/** What is limited, then rate and burst, each in a column. */
const ROW =
  'grid grid-cols-[minmax(0,1fr)_6.25rem_6.25rem] items-center gap-2 sm:grid-cols-[minmax(0,1fr)_6.5rem_6.5rem]';

type LimitRowProps = {
  part: LimitPart;
  label: string;
  unit: string;
  defaults: Rate;
  value: Rate | undefined;
  onChange: (rate: Rate | undefined) => void;
};

function LimitRow({ label, unit, defaults, value, onChange }: LimitRowProps) {
  const set = (name: keyof Rate, text: string) => {
    if (text === '') return onChange(undefined);
    onChange({ ...(value ?? defaults), [name]: Number(text) });
  };
  return (
    <div className={cn(ROW, 'text-sm')}>
      <span className="min-w-0">
        {label}
        <span className="block text-soft text-xs">{unit}</span>
      </span>
      {(['rate', 'burst'] as const).map((name) => (
        <Input
          key={name}
          type="number"
          min={1}
          inputMode="numeric"
          aria-label={`${label}: ${name === 'rate' ? 'per second' : 'burst'}`}
          placeholder={formatCount(defaults[name])}
          value={value?.[name] ?? ''}
          onChange={(event) => set(name, event.target.value)}
        />
      ))}
    </div>
  );
}
