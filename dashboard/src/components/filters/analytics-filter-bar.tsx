import { Plus } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import { FILTER_LENGTH_MAX } from '../../../../src/events/filter-maxima.ts';
import { parsePropertyFilter } from '../../../../src/events/property-filter.ts';
import { useProject } from '../../api/project.ts';
import {
  type AnalyticsFilter,
  FILTER_LABELS,
  type FilterField,
  isPropertyField,
  propertyFilter,
  withFilter,
  withoutFilter,
} from '../../lib/analytics-filters.ts';
import { valueLabel } from '../../lib/dimensions.ts';
import { Button } from '../ui/button.tsx';
import { Input } from '../ui/input.tsx';
import { Select } from '../ui/select.tsx';
import { FilterChips, type FilterWords } from './filter-chips.tsx';
import { Suggestions } from './suggestions.tsx';
import { usePropertyNames, useValues } from './use-suggestions.ts';

type AnalyticsFilterBarProps = {
  /** The app's ID, or ALL_APPS. */
  appId: string;
  fields: readonly FilterField[];
  filters: readonly AnalyticsFilter[];
  onChange: (filters: AnalyticsFilter[]) => void;
};

/** The active filters of metrics, and a form that adds one. */
export function AnalyticsFilterBar({ appId, fields, filters, onChange }: AnalyticsFilterBarProps) {
  const { can } = useProject();
  const [isAdding, setAdding] = useState(false);
  const offered = fields.filter((field) => {
    const { scope } = FILTER_LABELS[field];
    return scope === undefined || can(scope);
  });
  return (
    <div className="flex flex-wrap items-center gap-2">
      {filters.length > 0 && (
        <FilterChips
          filters={filters.map((filter) => ({
            key: `${filter.field}:${filter.value}`,
            words: describeFilter(filter),
            onRemove: () => onChange(withoutFilter(filters, filter)),
          }))}
          onClear={() => onChange([])}
        />
      )}
      {isAdding ? (
        <AddFilter
          appId={appId}
          fields={offered}
          onAdd={(filter) => {
            onChange(withFilter(filters, filter));
            setAdding(false);
          }}
          onCancel={() => setAdding(false)}
        />
      ) : (
        <Button variant="ghost" size="sm" className="h-7 px-2" onClick={() => setAdding(true)}>
          <Plus aria-hidden />
          Add filter
        </Button>
      )}
    </div>
  );
}

/** Values of one field are alternatives, so each reads as "is". */
function describeFilter({ field, value }: AnalyticsFilter): FilterWords {
  const property = isPropertyField(field) ? parsePropertyFilter(value) : undefined;
  if (property) {
    const name = field === 'property' ? property.name : `User's ${property.name}`;
    return { name, relation: 'is', value: property.value || '""' };
  }
  const isNamed = field === 'platform' || field === 'country';
  const text = isNamed ? valueLabel(field, value) : value;
  return { name: FILTER_LABELS[field].label, relation: 'is', value: text || 'unknown' };
}

type AddFilterProps = {
  appId: string;
  fields: readonly FilterField[];
  onAdd: (filter: AnalyticsFilter) => void;
  onCancel: () => void;
};

function AddFilter({ appId, fields, onAdd, onCancel }: AddFilterProps) {
  const [field, setField] = useState<FilterField>('event_name');
  const [name, setName] = useState('');
  const [value, setValue] = useState('');
  const suggestions = useSuggestions(appId, field);
  const listId = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (field === 'property' || field === 'user_property') onAdd(propertyFilter(field, name.trim(), value));
    else onAdd({ field, value: value.trim() });
  };
  const isProperty = isPropertyField(field);
  const text = { spellCheck: false, autoCapitalize: 'none', autoComplete: 'off' } as const;
  return (
    <form onSubmit={submit} className="flex w-full flex-wrap items-center gap-2">
      <Select
        aria-label="Filter by"
        className="w-full sm:w-36"
        value={field}
        onChange={({ target }) => setField(fields.find((one) => one === target.value) ?? 'event_name')}
      >
        {fields.map((one) => (
          <option key={one} value={one}>
            {FILTER_LABELS[one].label}
          </option>
        ))}
      </Select>
      {isProperty && (
        <Input
          {...text}
          aria-label="Property name"
          className="w-28 flex-1 sm:w-40 sm:flex-none"
          placeholder="plan"
          required
          maxLength={FILTER_LENGTH_MAX.property_name}
          pattern=".*\S.*"
          title="Property name"
          list={listId}
          value={name}
          onChange={({ target }) => setName(target.value)}
        />
      )}
      <Input
        {...text}
        aria-label={isProperty ? 'Property value' : FILTER_LABELS[field].label}
        className="min-w-24 flex-1 sm:max-w-72"
        placeholder={isProperty ? 'pro_monthly' : PLACEHOLDERS[field]}
        required={!isProperty}
        maxLength={isProperty ? 800 : 128}
        list={isProperty ? undefined : listId}
        value={value}
        onChange={({ target }) => setValue(target.value)}
      />
      <Suggestions id={listId} values={suggestions} />
      <Button type="submit">Add</Button>
      <Button variant="ghost" onClick={onCancel}>
        Cancel
      </Button>
    </form>
  );
}

const PLACEHOLDERS: Partial<Record<FilterField, string>> = {
  event_name: 'purchase_complete',
  platform: 'ios',
  country: 'DE',
  app_version: '2.4.0',
};

/** Returns values of a field, or names of properties. */
function useSuggestions(appId: string, field: FilterField): readonly string[] {
  const by = isPropertyField(field) ? undefined : field;
  const values = useValues(by ?? 'event_name', { appId, isWanted: by !== undefined });
  const names = usePropertyNames([], { appId, isWanted: field === 'property' });
  if (by !== undefined) return values;
  return field === 'property' ? names : [];
}
