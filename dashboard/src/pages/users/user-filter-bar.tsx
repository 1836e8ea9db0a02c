import { Plus, Search, X } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { FILTER_LENGTH_MAX } from '../../../../src/events/filter-maxima.ts';
import { renderPropertyFilter } from '../../../../src/events/property-filter.ts';
import { Button } from '../../components/ui/button.tsx';
import { Input } from '../../components/ui/input.tsx';
import { Select } from '../../components/ui/select.tsx';
import {
  describeUserFilter,
  USER_FIELD_NAMES,
  USER_FIELDS,
  type UserField,
  type UserFilter,
} from './user-search.ts';

type UserFilterBarProps = {
  q: string;
  filters: readonly UserFilter[];
  onType: (q: string) => void;
  onAdd: (filter: UserFilter) => void;
  onRemove: (filter: UserFilter) => void;
  /** Undefined if there is nothing to clear. */
  onClear: (() => void) | undefined;
};

/** The search by ID, a form that adds a filter, and the active filters. */
export function UserFilterBar({ q, filters, onType, onAdd, onRemove, onClear }: UserFilterBarProps) {
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <IdSearch q={q} onType={onType} />
        <AddFilter onAdd={onAdd} />
      </div>
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

function IdSearch({ q, onType }: Pick<UserFilterBarProps, 'q' | 'onType'>) {
  return (
    <div className="relative w-full sm:w-72">
      <Search
        className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-soft"
        aria-hidden
      />
      <Input
        type="search"
        aria-label="Search by the start of the ID"
        placeholder="ID starts with…"
        className="pl-9"
        maxLength={FILTER_LENGTH_MAX.app_user_id}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        value={q}
        onChange={({ target }) => onType(target.value)}
      />
    </div>
  );
}

function Chip({ filter, onRemove }: { filter: UserFilter; onRemove: () => void }) {
  const { name, value } = describeUserFilter(filter);
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

function AddFilter({ onAdd }: Pick<UserFilterBarProps, 'onAdd'>) {
  const [field, setField] = useState<UserField>('platform');
  const [property, setProperty] = useState('');
  const [value, setValue] = useState('');
  const isProperty = field === 'user_property';
  const { label, placeholder, lengthMax } = USER_FIELDS[field];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAdd({
      field,
      value: isProperty ? renderPropertyFilter({ name: property.trim(), value }) : value.trim(),
    });
    setValue('');
    setProperty('');
  };
  return (
    <form onSubmit={submit} className="flex w-full flex-wrap items-center gap-2 sm:w-auto sm:flex-1">
      <Select
        aria-label="Filter by"
        className="w-full sm:w-40"
        value={field}
        onChange={({ target }) =>
          setField(USER_FIELD_NAMES.find((name) => name === target.value) ?? 'platform')
        }
      >
        {USER_FIELD_NAMES.map((name) => (
          <option key={name} value={name}>
            {USER_FIELDS[name].label}
          </option>
        ))}
      </Select>
      {isProperty && (
        <Input
          aria-label="Property name"
          className="w-28 flex-1 sm:w-36 sm:flex-none"
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
        aria-label={isProperty ? 'Property value' : label}
        className="min-w-24 flex-1 sm:max-w-60"
        placeholder={placeholder}
        required={!isProperty}
        maxLength={lengthMax}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        value={value}
        onChange={({ target }) => setValue(target.value)}
      />
      <Button type="submit">
        <Plus aria-hidden />
        <span>
          Add<span className="max-sm:sr-only"> filter</span>
        </span>
      </Button>
    </form>
  );
}
