import { execFileSync } from 'node:child_process';

/** The same events in PostgreSQL, with the indexes that people would create. */
export type PostgresEvents = {
  /** Returns how long a query took in each round, in milliseconds, as psql measures it. */
  time: (sql: string, rounds: number) => Promise<number[]>;
  remove: () => Promise<void>;
};

const DATABASE = `appflow_bench_${process.pid}`;

/** Undefined where psql finds no server: then this column is empty. `PGHOST` and the like say where it is. */
export async function createPostgres(of: {
  events: number;
  people: number;
  days: number;
}): Promise<PostgresEvents | undefined> {
  try {
    run('postgres', [`CREATE DATABASE ${DATABASE}`]);
  } catch (error) {
    console.log(`PostgreSQL is not measured: ${String(error).split('\n')[0]}`);
    return undefined;
  }
  run(DATABASE, [
    `CREATE TABLE events (event_id text PRIMARY KEY, event_name text, app_user_id text, session_id text, timestamp timestamptz,
      properties jsonb, revenue numeric, platform text, country text, app_version text)`,
    `INSERT INTO events SELECT md5(n::text), (ARRAY['app_open','screen_view','screen_view','screen_view','screen_view','button_tap','search','add_to_cart','trial_start','purchase_complete','share','session_note'])[1 + (random() * 11.99)::int % 12],
      'user_' || (random() * ${of.people})::int, 's_' || n % 1000, now() - random() * interval '${of.days} days', '{"screen":"home","depth":3}',
      NULL, 'ios', 'DE', '2.4.0' FROM generate_series(1, ${of.events}) AS n`,
    'CREATE INDEX ON events (timestamp)',
    'CREATE INDEX ON events (app_user_id, timestamp)',
    'VACUUM ANALYZE events',
  ]);
  return {
    async time(sql, rounds) {
      const output = run(DATABASE, ['\\timing on', ...Array.from({ length: rounds }, () => sql)]);
      return [...output.matchAll(/^Time: ([\d.]+) ms/gm)].map(([, ms]) => Number(ms));
    },
    async remove() {
      run('postgres', [`DROP DATABASE ${DATABASE}`]);
    },
  };
}

function run(database: string, statements: readonly string[]): string {
  return execFileSync('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', database], {
    input: statements.map((one) => (one.startsWith('\\') ? `${one}\n` : `${one};\n`)).join(''),
    encoding: 'utf8',
    maxBuffer: 1_000_000_000,
    env: { PGHOST: '127.0.0.1', PGUSER: 'postgres', ...process.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}
