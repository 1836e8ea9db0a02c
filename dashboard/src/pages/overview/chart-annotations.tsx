import type { Annotation } from '../../api/answers.ts';
import { formatDay } from '../../lib/format.ts';
import { xPercent } from './chart-scale.ts';

/** An annotation, and the index of the point that contains its day. */
export type PlacedAnnotation = Annotation & { index: number };

type MarksProps = { annotations: readonly PlacedAnnotation[]; length: number };

/** A line through the chart for each annotated point. Their texts are in the list below the chart. */
export function AnnotationMarks({ annotations, length }: MarksProps) {
  const indexes = [...new Set(annotations.map(({ index }) => index))];
  return indexes.map((index) => (
    <div
      key={index}
      aria-hidden
      className="pointer-events-none absolute inset-y-0 border-warn border-l border-dashed"
      style={{ left: `${xPercent(index, length)}%` }}
    >
      <span className="absolute -top-1 -left-[3.5px] size-1.5 rounded-full bg-warn" />
    </div>
  ));
}

/** The annotations of the chart, oldest first; nothing if there are none. */
export function AnnotationList({ annotations }: { annotations: readonly PlacedAnnotation[] }) {
  if (annotations.length === 0) return null;
  return (
    <ul aria-label="Annotations" className="mt-3 flex flex-wrap gap-x-4 gap-y-1 px-2 text-xs">
      {annotations.map(({ id, date, text }) => (
        <li key={id} className="flex min-w-0 items-center gap-1.5">
          <span aria-hidden className="size-1.5 shrink-0 rounded-full bg-warn" />
          <span className="shrink-0 text-soft">{formatDay(date)}</span>
          <bdi className="truncate">{text}</bdi>
        </li>
      ))}
    </ul>
  );
}
