import { useQuery } from '@tanstack/react-query';
import { Plus, X } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import { FILTER_LENGTH_MAX } from '../../../../src/events/filter-maxima.ts';
import { renderPropertyFilter } from '../../../../src/events/property-filter.ts';
import { breakdownQuery } from '../../api/analytics.ts';
import type { App } from '../../api/answers.ts';
import { useProject } from '../../api/project.ts';
import { Button } from '../../components/ui/button.tsx';
import { Input } from '../../components/ui/input.tsx';
import { Select } from '../../components/ui/select.tsx';
import { type ActiveFilter, describeFilter, FIELD_NAMES, FIELDS, type Field } from './filters.ts';

type FilterBarProps = {
  app: App | undefined;
  filters: readonly ActiveFilter[];
  onAdd: (filter: ActiveFilter) => void;
  onRemove: (filter: ActiveFilter) => void;
  /** Undefined if there is nothing to clear. */
  onClear: (() => void) | undefined;
};

/** A form that adds a filter, and the active filters. */
export function FilterBar({ app, filters, onAdd, onRemove, onClear }: FilterBarProps) {
  return (
    <div className="grid gap-3">
      <AddFilter app={app} onAdd={onAdd} />
      {onClear && (
        <ul aria-label="Filters" className="flex flex-wrap items-center gap-2">
          {filters.map((filter) => (
            <Chip key={`${filter.field} ${filter.value}`} filter={filter} onRemove={() => onRemove(filter)} />
          ))}
          <li>
            <Button variant="ghost" size="sm" className="h-7 px-2" onClick={onClear}>
              Clear filters
            </Button>
          </li>
        </ul>
      )}
    </div>
  );
}

function Chip({ filter, onRemove }: { filter: ActiveFilter; onRemove: () => void }) {
  const { name, value } = describeFilter(filter);
  return (
    <li className="flex h-7 min-w-0 max-w-full items-center rounded-full border bg-muted pl-3 text-note">
      <span className="truncate">
        <span className="text-soft">{name} is </span>
        <span className="font-medium">{value}</span>
      </span>
      <button
        type="button"
        aria-label={`Remove the filter ${name} is ${value}`}
        onClick={onRemove}
        className="ml-1 grid size-7 shrink-0 place-items-center rounded-full text-soft hover:text-foreground"
      >
        <X className="size-3.5" aria-hidden />
      </button>
    </li>
  );
}

function AddFilter({ app, onAdd }: Pick<FilterBarProps, 'app' | 'onAdd'>) {
  const [field, setField] = useState<Field>('event_name');
  const [property, setProperty] = useState('');
  const [value, setValue] = useState('');
  const names = useEventNames(app);
  const listId = useId();
  const { label, placeholder, lengthMax } = FIELDS[field];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAdd({
      field,
      value: field === 'property' ? renderPropertyFilter({ name: property.trim(), value }) : value.trim(),
    });
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
        {FIELD_NAMES.map((name) => (
          <option key={name} value={name}>
            {FIELDS[name].label}
          </option>
        ))}
      </Select>
      {field === 'property' && (
        <Input
          aria-label="Property name"
          className="w-28 flex-1 sm:w-40 sm:flex-none"
          placeholder="plan"
          required
          maxLength={FILTER_LENGTH_MAX.property_name}
          pattern=".*\S.*"
          title="Property name"
          value={property}
          onChange={({ target }) => setProperty(target.value)}
        />
      )}
      <Input
        aria-label={field === 'property' ? 'Property value' : label}
        className="min-w-24 flex-1 sm:max-w-72"
        placeholder={placeholder}
        required={field !== 'property'}
        maxLength={lengthMax}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        list={field === 'event_name' ? listId : undefined}
        value={value}
        onChange={({ target }) => setValue(target.value)}
      />
      <datalist id={listId}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Button type="submit">
        <Plus aria-hidden />
        <span>
          Add<span className="max-sm:sr-only"> filter</span>
        </span>
      </Button>
    </form>
  );
}

const SUGGESTED_DAYS = 90;
const SUGGESTIONS_MAX = 200;

/** Returns the event names of an app, most frequent first. Only suggestions: without an answer there are none. */
function useEventNames(app: App | undefined): string[] {
  const { project, can } = useProject();
  const query = { app_id: app?.id ?? '', by: 'event_name', days: SUGGESTED_DAYS, limit: SUGGESTIONS_MAX };
  const { data } = useQuery({
    ...breakdownQuery(project.id, query),
    enabled: app !== undefined && can('analytics:read'),
    staleTime: 300_000,
  });
  return data?.data.flatMap(({ value }) => value ?? []) ?? [];
}
