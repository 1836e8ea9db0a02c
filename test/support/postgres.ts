import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { cleanUp } from './clean-up.ts';
import { requireNoSecrets } from './minted-secrets.ts';

/** Where tests create their databases. */
const SERVER = process.env.APPFLOW_TEST_POSTGRES || 'postgres://postgres@127.0.0.1:5432/postgres';

/** Whether this run keeps the control databases of its data folders in PostgreSQL. */
const ON_POSTGRES = process.env.APPFLOW_TEST_CONTROL === 'postgres';

const databases = new Map<string, string>();

/** Returns the variable that names the control database of a data folder, in a run on PostgreSQL. Creates it if necessary. */
export function databaseOf(folder: string | undefined): { DATABASE_URL?: string } {
  if (!ON_POSTGRES || folder === undefined) return {};
  const url = databases.get(folder) ?? makeDatabase();
  databases.set(folder, url);
  return { DATABASE_URL: url };
}

/** Returns the URL of a database on a server. */
export function urlOf(database: string, server = SERVER): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}

/** Runs statements on the server, one after another. */
export async function runOnServer(statements: readonly string[], url = SERVER): Promise<unknown[][]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const results: unknown[][] = [];
    for (const statement of statements) results.push((await client.query(statement)).rows);
    return results;
  } finally {
    await client.end();
  }
}

/** Sorts text by language, as most servers do, so that nothing depends on another order. */
export const LOCALE = "LOCALE_PROVIDER icu ICU_LOCALE 'en-US' TEMPLATE template0";

/**
 * Creates an empty database, which is removed when the test file ends, and returns its URL. Fails at the end if it contains a key in the clear.
 */
export function makeDatabase(): string {
  const name = `appflow_test_${randomBytes(6).toString('hex')}`;
  // Configurations are made without waiting.
  execFileSync(process.execPath, [import.meta.filename, name]);
  cleanUp(async () => {
    try {
      await requireNoSecretsInDatabase(urlOf(name));
    } finally {
      await runOnServer([`DROP DATABASE ${name} WITH (FORCE)`]);
    }
  });
  return urlOf(name);
}

async function requireNoSecretsInDatabase(url: string): Promise<void> {
  const [tables = []] = await runOnServer(
    ["SELECT tablename FROM pg_tables WHERE schemaname = 'public'"],
    url,
  );
  const names = (tables as { tablename: string }[]).map(({ tablename }) => tablename);
  const contents = await runOnServer(
    names.map((name) => `SELECT t::text AS row FROM ${name} t`),
    url,
  );
  requireNoSecrets(`The database ${new URL(url).pathname}`, JSON.stringify(contents));
}

// No test stops this server, so commits don't need to wait for its disk.
if (import.meta.main)
  await runOnServer([
    `CREATE DATABASE ${process.argv[2]} ${LOCALE}`,
    `ALTER DATABASE ${process.argv[2]} SET synchronous_commit = off`,
  ]);
