import { Plus } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import { FILTER_LENGTH_MAX } from '../../../../src/events/filter-maxima.ts';
import { PROPERTY_OPERATORS, type PropertyOperator } from '../../../../src/events/property-condition.ts';
import type { App } from '../../api/answers.ts';
import { FilterChips } from '../../components/filters/filter-chips.tsx';
import { Suggestions } from '../../components/filters/suggestions.tsx';
import { usePropertyNames, useValues } from '../../components/filters/use-suggestions.ts';
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

type Suggested = Pick<FilterBarProps, 'app' | 'isAllApps' | 'filters'> & { field: Field };

/** Returns the event names of the app, or the names of properties in its latest events with the chosen names. */
function useSuggestions({ app, isAllApps, filters, field }: Suggested): readonly string[] {
  const appId = isAllApps ? ALL_APPS : (app?.id ?? '');
  const isReady = app !== undefined;
  const chosen = filters.filter((filter) => filter.field === 'event_name').map(({ value }) => value);
  const names = useValues('event_name', { appId, isWanted: isReady && field === 'event_name' });
  const properties = usePropertyNames(chosen, { appId, isWanted: isReady && field === 'property' });
  return field === 'property' ? properties : names;
}
