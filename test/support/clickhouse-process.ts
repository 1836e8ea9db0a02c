import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { createClient } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';

// The part of ClickHouse's HTTP interface (https://clickhouse.com/docs/interfaces/http) that its client uses, over the engine of
// chDB in this process: no current server can be installed here. `input()`, which the embedded engine does not fill, becomes `file()`.
// node clickhouse-process.ts FOLDER PID: prints its port, and ends with the process PID.

type Client = ReturnType<typeof createClient>;
type Injected = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;

/** Parameters of a request that are not settings. */
const NO_SETTINGS = new Set(['query', 'query_id', 'database', 'session_id', 'wait_end_of_query']);
/** Settings that a connection gets. */
const isSetting = ([name]: [string, string]) => !NO_SETTINGS.has(name) && !name.startsWith('param_');

const [, , folder = '', pid = '0'] = process.argv;
const scratch = mkdtempSync(join(tmpdir(), 'appflow-front-'));
/** Idle connections, by the settings they were opened with. */
const idle = new Map<string, Client[]>();
let files = 0;

async function open(database: string, settings: [string, string][]): Promise<Client> {
  const client = createClient({ connection: createChdbConnection({ path: folder }) as unknown as Injected });
  const sets = settings.map(([name, value]) => `SET ${name} = '${value.replaceAll("'", "\\'")}'`);
  if (sets.length > 0) await client.command({ query: sets.join('; ') });
  if (database !== 'default') await client.command({ query: `USE ${database}` });
  return client;
}

/** Replaces the table function that reads the body by one that reads it from a file. */
function withBodyInFile(query: string, body: Buffer): { query: string; file: string } {
  files += 1;
  const file = join(scratch, `${files}.rows`);
  writeFileSync(file, body);
  return {
    file,
    query: query.replace('input(', `file('${file}', 'RowBinary', `).replace(/ FORMAT RowBinary$/, ''),
  };
}

async function run(database: string, settings: [string, string][], query: string): Promise<string> {
  const key = JSON.stringify([database, settings]);
  const client = idle.get(key)?.pop() ?? (await open(database, settings));
  let isClean = false;
  try {
    const { stream } = await client.exec({ query });
    const answer = await text(stream);
    isClean = true;
    return answer;
  } finally {
    // After a failure, half an answer may be left in it.
    if (isClean) idle.set(key, [...(idle.get(key) ?? []), client]);
    else await client.close();
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { searchParams } = new URL(request.url ?? '/', 'http://front');
  const body = await buffer(request);
  const inUrl = searchParams.get('query');
  const { query, file } =
    inUrl === null ? { query: body.toString(), file: undefined } : withBodyInFile(inUrl, body);
  const settings = [...searchParams].filter(isSetting).sort();
  try {
    const rows = await run(searchParams.get('database') ?? 'default', settings, query);
    response.end(rows);
  } catch (error) {
    const { code = '0', type = 'UNKNOWN', message } = error as Error & { code?: string; type?: string };
    response.writeHead(500, { 'x-clickhouse-exception-code': code });
    response.end(`Code: ${code}. DB::Exception: ${message}. (${type}) (version 26.7)`);
  } finally {
    if (file !== undefined) rmSync(file, { force: true });
  }
}

// The engine runs as long as a connection is open.
await open('default', []);
const server = createServer((request, response) => {
  answer(request, response).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
setInterval(() => {
  try {
    process.kill(Number(pid), 0);
  } catch {
    rmSync(scratch, { recursive: true, force: true });
    process.exit(0);
  }
}, 500);
