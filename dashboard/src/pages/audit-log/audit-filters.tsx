import { useNavigate, useSearch } from '@tanstack/react-router';
import { X } from 'lucide-react';
import { Badge } from '../../components/ui/badge.tsx';
import { Select } from '../../components/ui/select.tsx';
import { AUDIT_ACTIONS, describeAction } from '../../lib/audit-actions.ts';
import { AUDIT_RANGES } from './audit-query.ts';

type Filter = 'action' | 'actor' | 'target' | 'range';

/** The audit log filters; kept in the URL. Clicking a row's actor or target sets that filter. */
export function AuditFilters() {
  const search = useSearch({ from: '/signed-in/p/$projectId/settings/audit-log' });
  const navigate = useNavigate();
  const change = (name: Filter, value: string) =>
    void navigate({ to: '.', search: (before) => ({ ...before, [name]: value === '' ? undefined : value }) });
  return (
    <div className="flex flex-wrap items-center gap-2 border-b p-3">
      <Select
        aria-label="Action"
        className="w-full sm:w-64"
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
      <Select
        aria-label="Time range"
        className="w-full sm:w-44"
        value={search.range ?? ''}
        onChange={(event) => change('range', event.target.value)}
      >
        {AUDIT_RANGES.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </Select>
      {(['actor', 'target'] as const).map((name) => {
        const value = search[name];
        if (value === undefined) return null;
        return (
          <button
            key={name}
            type="button"
            onClick={() => change(name, '')}
            aria-label={`Remove filter ${name}`}
          >
            <Badge tone="info" className="max-w-72">
              {name === 'actor' ? 'By' : 'On'} <span className="truncate font-mono">{value}</span>
              <X aria-hidden />
            </Badge>
          </button>
        );
      })}
    </div>
  );
}
