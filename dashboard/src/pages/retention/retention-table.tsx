import type { RetentionAnswer } from '../../api/answers.ts';
import { Cell, Head, HeadRow, Row, Table } from '../../components/ui/table.tsx';
import { formatCount, formatDay, formatShare } from '../../lib/format.ts';
import { averageRates } from './retention-csv.ts';

type RetentionTableProps = { answer: RetentionAnswer };

/** The cohorts, newest last: the darker a cell, the more people came back. */
export function RetentionTable({ answer: { data, meta } }: RetentionTableProps) {
  const periods = Array.from({ length: meta.periods }, (_, index) => index + 1);
  const average = averageRates(data);
  const unit = { day: 'Day', week: 'Week', month: 'Month' }[meta.interval];
  return (
    <Table label="Retention by cohort">
      <thead>
        <HeadRow>
          <Head className="sticky left-0 z-10 bg-surface">Cohort</Head>
          <Head className="text-right">People</Head>
          {periods.map((period) => (
            <Head key={period} className="text-center">
              {unit} {period}
            </Head>
          ))}
        </HeadRow>
      </thead>
      <tbody>
        <Row>
          <th scope="row" className="sticky left-0 z-10 bg-surface px-3 py-2.5 pl-5 font-semibold text-sm">
            All cohorts
          </th>
          <Cell className="text-right tabular-nums">
            {formatCount(data.reduce((total, { size }) => total + size, 0))}
          </Cell>
          {periods.map((period) => (
            <RateCell key={period} rate={average[period] ?? null} />
          ))}
        </Row>
        {data.map(({ cohort, size, users, rate }) => (
          <Row key={cohort}>
            <th
              scope="row"
              className="sticky left-0 z-10 whitespace-nowrap bg-surface px-3 py-2.5 pl-5 font-medium text-sm"
            >
              {formatDay(cohort, true)}
            </th>
            <Cell className="text-right tabular-nums">{formatCount(size)}</Cell>
            {periods.map((period) => (
              <RateCell key={period} rate={rate[period] ?? null} users={users[period] ?? null} />
            ))}
          </Row>
        ))}
      </tbody>
    </Table>
  );
}

/** The strongest color of a cell: text stays readable on it. */
const PERCENT_MAX = 45;

function RateCell({ rate, users }: { rate: number | null; users?: number | null }) {
  if (rate === null) {
    return (
      <Cell className="text-center text-soft">
        <span className="sr-only">{users === 0 ? 'No people in this cohort' : 'Has not ended'}</span>
      </Cell>
    );
  }
  const percent = Math.round(Math.sqrt(rate) * PERCENT_MAX);
  return (
    <Cell
      className="border-surface border-x-2 text-center tabular-nums"
      style={{
        backgroundColor: `color-mix(in oklab, var(--color-chart-1) ${percent}%, var(--color-surface))`,
      }}
      title={typeof users === 'number' ? `${formatCount(users)} people` : undefined}
    >
      {formatShare(rate)}
    </Cell>
  );
}
