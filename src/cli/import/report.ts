import { escapeValue } from '../../lib/text/visible-text.ts';
import { count } from '../terminal/count.ts';
import { renderMapping, toMappingJson } from './mapping-report.ts';
import type { Mapping } from './mapping-tally.ts';
import { countRejected, type Totals } from './totals.ts';

/** A finished import. `resumedAfterLine` is 0 if it began with the first line; `mapping` is that of another product's rows. */
export type Finished = {
  totals: Totals;
  seconds: number;
  resumedAfterLine: number;
  mapping: Mapping | undefined;
};

/** Returns the result as one JSON line: counts of all runs of this import, seconds of the last one. */
export function renderJson({ totals, seconds, resumedAfterLine, mapping }: Finished): string {
  return JSON.stringify({
    accepted: totals.accepted,
    duplicates: totals.duplicates,
    rejected: countRejected(totals),
    rejected_by_code: totals.rejectedByCode,
    rejected_lines: totals.rejectedLines,
    lines: totals.line,
    resumed_after_line: resumedAfterLine,
    seconds: Math.round(seconds * 1_000) / 1_000,
    ...(mapping ? { mapping: toMappingJson(mapping) } : {}),
  });
}

/** Returns the result as a sentence, and what became of another product's rows as lines below. */
export function renderText({ totals, seconds, mapping }: Finished): string {
  const sentence = `Imported ${totals.accepted} events in ${seconds.toFixed(1)} s (${totals.duplicates} duplicates, ${countRejected(totals)} rejected).`;
  return mapping ? `${sentence}\n${renderMapping(mapping)}` : sentence;
}

/** Returns which lines were rejected and why: the first ones, then a count per code. Empty if there are none. */
export function renderRejected(totals: Totals): string {
  const rejected = countRejected(totals);
  if (rejected === 0) return '';
  const lines = totals.rejectedLines.map(
    ({ line, code, message }) => `  line ${line}: ${code}: ${escapeValue(message)}`,
  );
  const more = rejected > lines.length ? [`  … and ${rejected - lines.length} more`] : [];
  const kinds = Object.entries(totals.rejectedByCode).map(([code, times]) => `${code} ${times}`);
  const head = `Rejected ${count(rejected, 'line')}; imported the rest:`;
  return [head, ...lines, ...more, `By reason: ${kinds.join(', ')}.`].join('\n');
}
