import type { Installation } from '../../api/answers.ts';
import { Card, CardHeader } from '../../components/ui/card.tsx';
import { Cell, Head, HeadRow, Row, Table } from '../../components/ui/table.tsx';
import { formatBytes } from '../../lib/format.ts';

const ENGINES = {
  sqlite: 'SQLite in the data folder',
  postgresql: 'PostgreSQL',
  embedded: 'Embedded ClickHouse in the data folder',
  clickhouse: 'ClickHouse server',
  memory: 'In memory of this process',
  redis: 'Redis',
} as const;

/** Where the data is: in the data folder, or on which servers. */
export function StorageCard({
  installation: { control, events, limits, node_url },
}: {
  installation: Installation;
}) {
  const rows = [
    { name: 'Projects, keys and people', ...control },
    { name: 'Events', ...events },
    { name: 'Rate limits', ...limits, bytes: undefined },
  ];
  return (
    <Card className="overflow-hidden">
      <CardHeader
        title="Storage"
        description={
          node_url === null ? 'Where the data is, and its size.' : `As seen by the node at ${node_url}.`
        }
      />
      <Table label="Storage" className="text-note">
        <thead>
          <HeadRow>
            <Head>Data</Head>
            <Head>Stored in</Head>
            <Head className="text-right">Size</Head>
          </HeadRow>
        </thead>
        <tbody>
          {rows.map(({ name, engine, host, bytes }) => (
            <Row key={name}>
              <Cell>{name}</Cell>
              <Cell className="wrap-anywhere text-soft">
                {ENGINES[engine]}
                {host !== null && ` at ${host}`}
              </Cell>
              <Cell className="whitespace-nowrap text-right tabular-nums">{sizeOf(bytes)}</Cell>
            </Row>
          ))}
        </tbody>
      </Table>
    </Card>
  );
}

function sizeOf(bytes: number | null | undefined): string {
  if (bytes === undefined) return '—';
  return bytes === null ? 'Unavailable' : formatBytes(bytes);
}
