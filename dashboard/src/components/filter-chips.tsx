import { X } from 'lucide-react';
import { Button } from './ui/button.tsx';

/** A filter in words: `plan`, `is not`, `pro`. */
export type FilterWords = { name: string; relation: string; value: string };

type FilterChipsProps = {
  filters: readonly { key: string; words: FilterWords; onRemove: () => void }[];
  onClear: () => void;
};

/** The active filters; each can be removed, or all of them. */
export function FilterChips({ filters, onClear }: FilterChipsProps) {
  return (
    <ul aria-label="Filters" className="flex flex-wrap items-center gap-2">
      {filters.map(({ key, words, onRemove }) => (
        <Chip key={key} words={words} onRemove={onRemove} />
      ))}
      <li>
        <Button variant="ghost" size="sm" className="h-7 px-2" onClick={onClear}>
          Clear filters
        </Button>
      </li>
    </ul>
  );
}

function Chip({ words: { name, relation, value }, onRemove }: { words: FilterWords; onRemove: () => void }) {
  return (
    <li className="flex h-7 min-w-0 max-w-full items-center rounded-full border bg-muted pl-3 text-note">
      <span className="truncate">
        <span className="text-soft">
          {name} {relation}{' '}
        </span>
        <span className="font-medium">{value}</span>
      </span>
      <button
        type="button"
        aria-label={`Remove the filter ${`${name} ${relation} ${value}`.trim()}`}
        onClick={onRemove}
        className="ml-1 grid size-7 shrink-0 place-items-center rounded-full text-soft hover:text-foreground"
      >
        <X className="size-3.5" aria-hidden />
      </button>
    </li>
  );
}
