import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { Input } from '../../components/ui/input.tsx';
import { Select } from '../../components/ui/select.tsx';
import { AUDIT_ACTIONS, describeAction } from '../../lib/audit-actions.ts';
import { AUDIT_RANGES } from './audit-query.ts';

type Filter = 'action' | 'actor' | 'target' | 'ip' | 'range';

/** What can be filtered by, by group: people, API keys, apps. */
export type FilterChoices = readonly { group: string; items: readonly { id: string; name: string }[] }[];

type AuditFiltersProps = {
  actors: FilterChoices;
  targets: FilterChoices;
  /** The name of an ID that is none of the choices. */
  nameOf: (id: string) => string;
};

/** The audit log filters; kept in the URL. Clicking an actor, a target or an address in a row sets that filter. */
export function AuditFilters({ actors, targets, nameOf }: AuditFiltersProps) {
  const search = useSearch({ from: '/signed-in/p/$projectId/settings/audit-log' });
  const navigate = useNavigate();
  const change = (name: Filter, value: string) =>
    void navigate({ to: '.', search: (before) => ({ ...before, [name]: value === '' ? undefined : value }) });
  return (
    <div className="flex flex-wrap items-center gap-2 border-b p-3">
      <Select
        aria-label="Action"
        className="w-full sm:w-52"
        value={search.action ?? ''}
        onChange={(event) => change('action', event.target.value)}
      >
        <option value="">All actions</option>
        {AUDIT_ACTIONS.map((action) => (
          <option key={action} value={action}>
            {describeAction(action)}
          </option>
        ))}
      </Select>
      <IdSelect
        label="Actor"
        all="All actors"
        choices={actors}
        value={search.actor}
        nameOf={nameOf}
        onChange={(id) => change('actor', id)}
      />
      <IdSelect
        label="Target"
        all="All targets"
        choices={targets}
        value={search.target}
        nameOf={nameOf}
        onChange={(id) => change('target', id)}
      />
      <AddressInput key={search.ip} value={search.ip ?? ''} onChange={(ip) => change('ip', ip)} />
      <Select
        aria-label="Time range"
        className="w-full sm:w-40"
        value={search.range ?? ''}
        onChange={(event) => change('range', event.target.value)}
      >
        {AUDIT_RANGES.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </Select>
    </div>
  );
}

type IdSelectProps = {
  label: string;
  all: string;
  choices: FilterChoices;
  value: string | undefined;
  nameOf: (id: string) => string;
  onChange: (id: string) => void;
};

function IdSelect({ label, all, choices, value, nameOf, onChange }: IdSelectProps) {
  const isListed = choices.some(({ items }) => items.some(({ id }) => id === value));
  return (
    <Select
      aria-label={label}
      className="w-full sm:w-44"
      value={value ?? ''}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{all}</option>
      {value !== undefined && !isListed && <option value={value}>{nameOf(value)}</option>}
      {choices
        .filter(({ items }) => items.length > 0)
        .map(({ group, items }) => (
          <optgroup key={group} label={group}>
            {items.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </optgroup>
        ))}
    </Select>
  );
}

/** Applies when it is left or Enter is pressed: the log only matches whole addresses. */
function AddressInput({ value, onChange }: { value: string; onChange: (ip: string) => void }) {
  const [text, setText] = useState(value);
  const apply = () => text.trim() !== value && onChange(text.trim());
  return (
    <Input
      type="search"
      aria-label="IP address"
      placeholder="IP address"
      spellCheck={false}
      className="w-full sm:w-40"
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={apply}
      onKeyDown={(event) => event.key === 'Enter' && apply()}
    />
  );
}
