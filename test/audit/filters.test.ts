import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import { CompiledQuery, type RootOperationNode } from 'kysely';
import {
  type AuditFilter,
  type AuditPosition,
  type AuditRow,
  EVERY_PROJECT,
  listAuditRows,
} from '../../src/audit/list.ts';
import { openSqliteControl } from '../../src/control/open-sqlite.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { cleanUp } from '../support/clean-up.ts';
import { makeTempDir } from '../support/harness.ts';

const ENTRIES = 30_000;
const START = Date.UTC(2026, 0, 1);

const file = join(makeTempDir(), 'control.db');
const control = await openSqliteControl(file, systemClock());
cleanUp(() => control.close());
fillLog();
const { db } = control;
const all = (await db.selectFrom('audit_log').selectAll().execute()).toSorted(
  (a, b) => b.at - a.at || b.seq - a.seq,
);

/** Entries of two projects and of none. Three of four are by one key, about itself, as in a flood. */
function fillLog(): void {
  const database = new Database(file);
  database
    .prepare(
      `INSERT INTO audit_log
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ENTRIES})
       SELECT i, 'aud_' || i, ${START} + (i / 3) * 1000, CASE WHEN i % 11 < 9 THEN 'proj_a' WHEN i % 11 = 9 THEN 'proj_b' END,
         'key', CASE WHEN i % 4 < 3 THEN 'key_flood' ELSE 'key_' || (i % 7) END,
         CASE WHEN i = 5 THEN 'api_key.revoked' WHEN i % 5 = 0 THEN 'api_key.rotated' ELSE 'api_key.updated' END,
         CASE WHEN i % 4 < 3 THEN 'key_flood' ELSE 'app_' || (i % 7) END, NULL, CASE WHEN i % 3 = 0 THEN '203.0.113.1' END, NULL, 'pepper', 'mac'
       FROM n`,
    )
    .run();
  database.close();
}

const FILTERS: Omit<AuditFilter, 'projectId'>[] = [
  {},
  { action: 'api_key.rotated' },
  { action: 'member.added' },
  { actorId: 'key_3' },
  { actorId: 'key_flood', action: 'api_key.revoked' },
  { target: 'key_flood', actorId: 'key_flood', action: 'api_key.rotated' },
  { target: 'app_2', action: 'api_key.rotated' },
  { from: START + 1_000_000, to: START + 1_003_000 },
  { to: START + 5_000, actorId: 'key_flood' },
  { ip: '203.0.113.1' },
  { ip: '203.0.113.1', action: 'api_key.rotated', actorId: 'key_3' },
  { from: START + (ENTRIES / 3) * 1_000 - 2_000, target: 'key_flood', action: 'api_key.updated' },
];
const CASES = FILTERS.flatMap((filter) =>
  ['proj_a', 'proj_b', null, EVERY_PROJECT].map((projectId) => ({ ...filter, projectId }) as AuditFilter),
);

const matches =
  ({ projectId, action, actorId, target, ip, from, to }: AuditFilter) =>
  (row: AuditRow): boolean =>
    (projectId === EVERY_PROJECT || row.project_id === projectId) &&
    (action === undefined || row.action === action) &&
    (actorId === undefined || row.actor_id === actorId) &&
    (target === undefined || row.target === target) &&
    (ip === undefined || row.ip === ip) &&
    (from === undefined || row.at >= from) &&
    (to === undefined || row.at < to);

async function readAll(filter: AuditFilter, limit: number): Promise<number[]> {
  const found: number[] = [];
  let before: AuditPosition | undefined;
  do {
    const { rows, next } = await listAuditRows(control, filter, before, limit);
    assert.ok(rows.length <= limit);
    found.push(...rows.map(({ seq }) => seq));
    before = next;
  } while (before);
  return found;
}

describe('filters of the audit log', () => {
  it('return every matching entry once, newest first, over all pages', async () => {
    for (const filter of CASES) {
      const expected = all.filter(matches(filter)).map(({ seq }) => seq);
      for (const limit of [997, 20_000]) assert.deepEqual(await readAll(filter, limit), expected);
    }
    assert.ok(
      all.some(matches({ ...CASES[16], projectId: 'proj_a' } as AuditFilter)),
      'there is a rare match',
    );
  });

  it('give no next page when the last one is full', async () => {
    const filter = { projectId: 'proj_a', to: START + 3_000 };
    const count = all.filter(matches(filter)).length;
    const { rows, next } = await listAuditRows(control, filter, undefined, count);
    assert.deepEqual([rows.length, next], [count, undefined]);
    assert.notEqual((await listAuditRows(control, filter, undefined, count - 1)).next, undefined);
  });

  it('read an index only, in its order: no statement scans the table or sorts', async () => {
    const nodes: RootOperationNode[] = [];
    const plugin = {
      transformQuery({ node }: { node: RootOperationNode }) {
        nodes.push(node);
        return node;
      },
      transformResult: async <T extends { result: unknown }>({ result }: T): Promise<T['result']> => result,
    };
    const watched = db.withPlugin(plugin as never);
    for (const filter of CASES) await listAuditRows({ db: watched }, filter, [START + 9_000_000, 7], 50);
    assert.ok(nodes.length >= CASES.length);
    for (const node of nodes) {
      const { sql, parameters } = db.getExecutor().compileQuery(node, { queryId: 'test' });
      const { rows } = await db.executeQuery<{ detail: string }>(
        CompiledQuery.raw(`EXPLAIN QUERY PLAN ${sql}`, [...parameters]),
      );
      const plan = rows.map(({ detail }) => detail).join('; ');
      assert.match(
        plan,
        /^SEARCH audit_log USING (COVERING )?INDEX audit_log_by_\w+ \(.*\(at,seq\)>\(\?,\?\) AND \(at,seq\)<\(\?,\?\)\)$/,
        sql,
      );
    }
  });
});
