import { ChevronLeft, ChevronRight } from 'lucide-react';
import { formatCount } from '../lib/format.ts';
import type { ListPage } from '../lib/paginate.ts';
import { Button } from './ui/button.tsx';

type PagerProps = { page: ListPage<unknown>; total: number; onChange: (page: number) => void };

/** Which page of a list is shown, with previous and next. Nothing if there is only one. */
export function Pager({ page: { items, page, pages, skipped }, total, onChange }: PagerProps) {
  if (pages === 1) return null;
  return (
    <nav aria-label="Pages" className="flex items-center justify-between gap-3 border-t px-5 py-2.5">
      <p className="text-soft text-xs tabular-nums">
        {formatCount(skipped + 1)}–{formatCount(skipped + items.length)} of {formatCount(total)}
      </p>
      <div className="flex gap-2">
        <Button size="sm" disabled={page === 1} onClick={() => onChange(page - 1)}>
          <ChevronLeft aria-hidden />
          Previous
        </Button>
        <Button size="sm" disabled={page === pages} onClick={() => onChange(page + 1)}>
          Next
          <ChevronRight aria-hidden />
        </Button>
      </div>
    </nav>
  );
}
