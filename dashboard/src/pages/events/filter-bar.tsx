import { useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import { FILTER_LENGTH_MAX } from '../../../../src/events/filter-maxima.ts';
import { PROPERTY_OPERATORS, type PropertyOperator } from '../../../../src/events/property-condition.ts';
import { breakdownQuery } from '../../api/analytics.ts';
import type { App } from '../../api/answers.ts';
import { propertyNamesQuery } from '../../api/events.ts';
import { useProject } from '../../api/project.ts';
import { FilterChips } from '../../components/filter-chips.tsx';
import { Suggestions } from '../../components/suggestions.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Input } from '../../components/ui/input.tsx';
import { Select } from '../../components/ui/select.tsx';
import { ALL_APPS } from '../../lib/all-apps.ts';
import {
  type ActiveFilter,
  describeFilter,
  FIELD_NAMES,
  FIELDS,
  type Field,
  OFFERED_FIELDS,
  OPERATOR_WORDS,
  propertyFilterOf,
} from './filters.ts';

type FilterBarProps = {
  app: App | undefined;
  isAllApps: boolean;
  filters: readonly ActiveFilter[];
  onAdd: (filter: ActiveFilter) => void;
  onRemove: (filter: ActiveFilter) => void;
  /** Undefined if there is nothing to clear. */
  onClear: (() => void) | undefined;
};

/** A form that adds a filter, and the active filters. */
export function FilterBar({ app, isAllApps, filters, onAdd, onRemove, onClear }: FilterBarProps) {
  return (
    <div className="grid gap-3">
      <AddFilter app={app} isAllApps={isAllApps} filters={filters} onAdd={onAdd} />
      {onClear && (
        <FilterChips
          filters={filters.map((filter) => ({
            key: `${filter.field} ${filter.value}`,
            words: describeFilter(filter),
            onRemove: () => onRemove(filter),
          }))}
          onClear={onClear}
        />
      )}
    </div>
  );
}

function AddFilter({ app, isAllApps, filters, onAdd }: Omit<FilterBarProps, 'onRemove' | 'onClear'>) {
  const [field, setField] = useState<Field>('event_name');
  const [property, setProperty] = useState('');
  const [op, setOp] = useState<PropertyOperator>('is');
  const [value, setValue] = useState('');
  const suggestions = useSuggestions({ app, isAllApps, filters, field });
  const listId = useId();
  const { label, placeholder, lengthMax } = FIELDS[field];
  const isProperty = field === 'property';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const condition = { property: property.trim(), op, value: op === 'exists' ? '' : value };
    onAdd(isProperty ? propertyFilterOf(condition) : { field, value: value.trim() });
    setValue('');
    setProperty('');
  };
  return (
    <form onSubmit={submit} className="flex flex-wrap items-center gap-2">
      <Select
        aria-label="Filter by"
        className="w-full sm:w-36"
        value={field}
        onChange={({ target }) => setField(FIELD_NAMES.find((name) => name === target.value) ?? 'event_name')}
      >
        {OFFERED_FIELDS.map((name) => (
          <option key={name} value={name}>
            {FIELDS[name].label}
          </option>
        ))}
      </Select>
      {isProperty && (
        <PropertyInputs
          property={property}
          names={suggestions}
          op={op}
          onProperty={setProperty}
          onOperator={setOp}
        />
      )}
      {!(isProperty && op === 'exists') && (
        <Input
          aria-label={isProperty ? 'Property value' : label}
          className="min-w-24 flex-1 sm:max-w-72"
          placeholder={isNumeric(op) && isProperty ? '10' : placeholder}
          required={!isProperty || op !== 'is'}
          maxLength={lengthMax}
          {...(isProperty && isNumeric(op) && { type: 'number', step: 'any' })}
          spellCheck={false}
          autoCapitalize="none"
          autoComplete="off"
          list={field === 'event_name' ? listId : undefined}
          value={value}
          onChange={({ target }) => setValue(target.value)}
        />
      )}
      <Suggestions id={listId} values={field === 'event_name' ? suggestions : []} />
      <Button type="submit">
        <Plus aria-hidden />
        <span>
          Add<span className="max-sm:sr-only"> filter</span>
        </span>
      </Button>
    </form>
  );
}

const isNumeric = (op: PropertyOperator) => op === 'gt' || op === 'lt';

type PropertyInputsProps = {
  property: string;
  names: readonly string[];
  op: PropertyOperator;
  onProperty: (name: string) => void;
  onOperator: (op: PropertyOperator) => void;
};

function PropertyInputs({ property, names, op, onProperty, onOperator }: PropertyInputsProps) {
  const listId = useId();
  return (
    <>
      <Input
        aria-label="Property name"
        className="w-28 flex-1 sm:w-40 sm:flex-none"
        placeholder="plan"
        required
        maxLength={FILTER_LENGTH_MAX.property_name}
        pattern=".*\S.*"
        title="Property name"
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        list={listId}
        value={property}
        onChange={({ target }) => onProperty(target.value)}
      />
      <Suggestions id={listId} values={names} />
      <Select
        aria-label="Operator"
        className="w-36"
        value={op}
        onChange={({ target }) => onOperator(PROPERTY_OPERATORS.find((one) => one === target.value) ?? 'is')}
      >
        {PROPERTY_OPERATORS.map((one) => (
          <option key={one} value={one}>
            {OPERATOR_WORDS[one]}
          </option>
        ))}
      </Select>
    </>
  );
}

const SUGGESTED_DAYS = 90;
const SUGGESTIONS_MAX = 200;

type Suggested = Pick<FilterBarProps, 'app' | 'isAllApps' | 'filters'> & { field: Field };

/**
 * Returns the event names of the app, or the names of properties in its latest events, most frequent first. Only
 * suggestions: without an answer there are none.
 */
function useSuggestions({ app, isAllApps, filters, field }: Suggested): readonly string[] {
  const { project, can } = useProject();
  const app_id = isAllApps ? ALL_APPS : (app?.id ?? '');
  const names = useQuery({
    ...breakdownQuery(project.id, { app_id, by: 'event_name', days: SUGGESTED_DAYS, limit: SUGGESTIONS_MAX }),
    enabled: field === 'event_name' && app !== undefined && can('analytics:read'),
    staleTime: 300_000,
  });
  const event_name = filters.filter((filter) => filter.field === 'event_name').map(({ value }) => value);
  const properties = useQuery({
    ...propertyNamesQuery(project.id, { app_id, ...(event_name.length > 0 && { event_name }) }),
    enabled: field === 'property' && app !== undefined,
  });
  if (field === 'property') return properties.data ?? [];
  return names.data?.data.flatMap(({ value }) => value ?? []) ?? [];
}
