import { useQuery } from '@tanstack/react-query';
import { ExternalLink } from 'lucide-react';
import { type ApiDescription, openapiQuery } from '../../api/openapi.ts';
import { QueryState } from '../../components/query-state.tsx';
import { Badge, Code } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHeader } from '../../components/ui/card.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { Cell, Head, HeadRow, Row, Table } from '../../components/ui/table.tsx';
import { listOperations } from './operations.ts';

/** Every route with its scope, from this server's OpenAPI description. */
export function Reference() {
  const description = useQuery(openapiQuery);
  return (
    <Card>
      <CardHeader
        title="API reference"
        description="Every endpoint of this server, and the scope a key needs to call it."
        actions={
          <>
            <DocLink href="/openapi.json">OpenAPI</DocLink>
            <DocLink href="/docs/errors">Error codes</DocLink>
          </>
        }
      />
      <QueryState
        query={description}
        what="Couldn't load the API reference"
        pending={<SkeletonRows rows={6} />}
      >
        {(loaded) => <OperationTable description={loaded} />}
      </QueryState>
    </Card>
  );
}

function DocLink({ href, children }: { href: string; children: string }) {
  return (
    <Button asChild size="sm">
      <a href={href} target="_blank" rel="noreferrer">
        {children}
        <ExternalLink aria-hidden />
        <span className="sr-only">(new tab)</span>
      </a>
    </Button>
  );
}

function OperationTable({ description }: { description: ApiDescription }) {
  return (
    <Table label="Endpoints" className="min-w-[44rem] border-t">
      <thead>
        <HeadRow>
          <Head>Endpoint</Head>
          <Head>Description</Head>
          <Head>Scope</Head>
        </HeadRow>
      </thead>
      <tbody>
        {listOperations(description).map(({ method, path, summary, scope }) => (
          <Row key={`${method} ${path}`}>
            <Cell className="whitespace-nowrap">
              <Badge tone={method === 'GET' ? 'neutral' : 'info'} className="w-15 justify-center font-mono">
                {method}
              </Badge>{' '}
              <span className="font-mono text-xs">{path}</span>
            </Cell>
            <Cell className="text-note">{summary}</Cell>
            <Cell className="whitespace-nowrap">
              {scope === 'any_key' ? (
                <span className="text-soft text-xs">any key</span>
              ) : (
                <Code>{scope}</Code>
              )}
            </Cell>
          </Row>
        ))}
      </tbody>
    </Table>
  );
}
