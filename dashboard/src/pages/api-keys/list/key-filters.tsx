import { useNavigate, useSearch } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { KEY_TYPES } from '../../../../../src/directory/scopes.ts';
import { Input } from '../../../components/ui/input.tsx';
import { Select } from '../../../components/ui/select.tsx';
import { formatAmount } from '../../../lib/format.ts';
import { KEY_TYPE_LABELS, STATUS_LABELS } from '../key/key-labels.ts';

/** The key filters; kept in the URL. */
export function KeyFilters({ shown, total }: { shown: number; total: number }) {
  const {
    q = '',
    type = '',
    status = 'live',
  } = useSearch({ from: '/signed-in/p/$projectId/settings/api-keys' });
  const navigate = useNavigate();
  const change = (name: 'q' | 'type' | 'status', value: string) =>
    void navigate({
      to: '.',
      replace: name === 'q',
      search: ({ page: _page, ...rest }) => ({
        ...rest,
        [name]: value === '' || value === 'live' ? undefined : value,
      }),
    });
  return (
    <div className="flex flex-wrap items-center gap-2 border-b p-3">
      <div className="relative min-w-0 flex-1 basis-56">
        <Search className="pointer-events-none absolute top-2.5 left-3 size-4 text-soft" aria-hidden />
        <Input
          type="search"
          aria-label="Search keys"
          placeholder="Search by name, prefix or ID"
          className="pl-9"
          value={q}
          onChange={(event) => change('q', event.target.value)}
        />
      </div>
      <Select aria-label="Type" value={type} onChange={(event) => change('type', event.target.value)}>
        <option value="">All types</option>
        {KEY_TYPES.map((known) => (
          <option key={known} value={known}>
            {KEY_TYPE_LABELS[known].name}
          </option>
        ))}
      </Select>
      <Select aria-label="Status" value={status} onChange={(event) => change('status', event.target.value)}>
        <option value="live">Active keys</option>
        {Object.entries(STATUS_LABELS).map(([value, { label }]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
        <option value="all">All keys</option>
      </Select>
      <p className="px-1 text-soft text-xs tabular-nums" aria-live="polite">
        {shown === total ? formatAmount(total, 'key') : `${shown} of ${formatAmount(total, 'key')}`}
      </p>
    </div>
  );
}
