import { setImmediate } from 'node:timers/promises';
import type { ExpressionBuilder, Selectable } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Control } from '../control/control.ts';
import { readByIndex } from '../control/dialect.ts';
import type { AuditTable, ControlSchema } from '../control/schema.ts';
import { closedObject, component, nullable } from '../lib/schema.ts';
import { DIFF_BYTES_MAX, decodeDiff } from './diff.ts';

/** What happened to a field: its values before and after; of a list, what was added and removed. */
const CHANGE = Type.Union([
  Type.Array(Type.Unknown(), { minItems: 2, maxItems: 2 }),
  closedObject({ added: Type.Array(Type.Unknown()), removed: Type.Array(Type.Unknown()) }),
]);

/** An entry of the audit log as the API returns it. */
export const AUDIT_ENTRY_JSON = component(
  'AuditEntry',
  closedObject({
    id: Type.String({ description: 'Identifies the entry.' }),
    at: Type.String({ format: 'date-time', description: 'When it happened.' }),
    actor: component(
      'AuditActor',
      closedObject({
        type: Type.String({ description: 'Such as `key`, `member` or `system`.' }),
        id: Type.String({ description: 'ID of the key or person, or the name of the process.' }),
        name: Type.Optional(Type.String({ description: 'Name of the person. Only in the dashboard.' })),
      }),
      { description: 'Who did it.' },
    ),
    action: Type.String({ description: 'What happened, such as `api_key.created`.' }),
    target: Type.String({ description: 'ID of what it happened to.' }),
    target_name: Type.Optional(
      Type.String({ description: 'Name of the person it happened to. Only in the dashboard.' }),
    ),
    // Not Type.Record: its pattern for names does not match names with a line break.
    diff: Type.Optional(
      Type.Unsafe<Record<string, Static<typeof CHANGE>>>(
        Type.Object(
          {},
          {
            additionalProperties: CHANGE,
            description:
              'What changed, by field: `[before, after]`, or of a list, what was added and removed.',
          },
        ),
      ),
    ),
    diff_omitted: Type.Optional(
      Type.Integer({
        description: `How many values were left out of \`diff\`, which has at most ${DIFF_BYTES_MAX} bytes.`,
      }),
    ),
    ip: nullable(Type.String({ description: 'IP address of the request.' })),
    request_id: nullable(Type.String({ description: '`X-Request-Id` of the request.' })),
  }),
  {
    description: 'An entry of the audit log.',
    examples: [
      {
        id: 'aud_01KAN5X5N8T2QHV4J7RZ3M6CDE',
        at: '2026-11-22T10:00:00.000Z',
        actor: { type: 'key', id: 'key_01K9ZV0Q6T4M8XJ2R5C7N3B1WE' },
        action: 'api_key.updated',
        target: 'key_01K9ZV0Q6T4M8XJ2R5C7N3B1WD',
        diff: { name: ['Report', 'Nightly report'] },
        ip: '203.0.113.7',
        request_id: 'req_01KAN5X5N8T2QHV4J7RZ3M6CDE',
      },
    ],
  },
);

/** An entry of the audit log as the API returns it. */
export type AuditEntryJson = Static<typeof AUDIT_ENTRY_JSON>;

/** Selects the entries of all projects and of none. For the operator only: a symbol, so no caller can send it. */
export const EVERY_PROJECT = Symbol('every project');

/**
 * Selects entries. Times are epoch milliseconds; `from` is inclusive, `to` exclusive. A null project selects the entries
 * of no project: what concerns the whole installation, including failures with unknown keys.
 */
export type AuditFilter = {
  projectId: string | null | typeof EVERY_PROJECT;
  action?: string | undefined;
  actorId?: string | undefined;
  target?: string | undefined;
  ip?: string | undefined;
  from?: number | undefined;
  to?: number | undefined;
};

/** A row of the log. */
export type AuditRow = Selectable<AuditTable>;

/** Where a row is in the log's order: by time, then by position in the chain. */
export type AuditPosition = readonly [at: number, seq: number];

/** Some rows, and where the next ones begin; undefined if there are none. */
export type AuditPage = { rows: AuditRow[]; next: AuditPosition | undefined };

/** With several filters, a page examines this many rows of the most selective one. */
const EXAMINED_MAX = 10_000;
/** How many of them one statement examines: longer ones would hold up requests of other callers. */
const EXAMINED_PER_STATEMENT = 1_000;

const NEWEST: AuditPosition = [Number.MAX_SAFE_INTEGER, 0];

/**
 * Returns at most `limit` entries before a position, newest first; from the newest if it is undefined. Each filter has an
 * index. With several, a page can have fewer rows, or none, although more follow: see `EXAMINED_MAX`.
 */
export async function listAuditRows(
  { db }: Pick<Control, 'db'>,
  filter: AuditFilter,
  before: AuditPosition | undefined,
  limit: number,
): Promise<AuditPage> {
  const rows: AuditRow[] = [];
  const plan = planOf(filter);
  const conditions = [...plan.covered, ...plan.others];
  const from: AuditPosition = [filter.from ?? 0, 0];
  let upper = earlierOf([filter.to ?? Number.MAX_SAFE_INTEGER, 0], before ?? NEWEST);
  for (let examined = 0; examined < EXAMINED_MAX; examined += EXAMINED_PER_STATEMENT) {
    if (examined > 0) await setImmediate();
    const end = await findStatementEnd(db, filter, { from, upper }, plan);
    const wanted = limit + 1 - rows.length;
    const range = { from: end ?? from, upper };
    const found = await selectRows(db, filter.projectId, range, { index: plan.index, conditions })
      .selectAll()
      .limit(wanted)
      .execute();
    rows.push(...found);
    if (found.length === wanted) return toAuditPage(rows, limit);
    if (!end) return { rows, next: undefined };
    upper = end;
  }
  return rows.length > limit ? toAuditPage(rows, limit) : { rows, next: upper };
}

function toAuditPage(rows: readonly AuditRow[], limit: number): AuditPage {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, next: last && [last.at, Number(last.seq)] };
}

const earlierOf = (one: AuditPosition, other: AuditPosition): AuditPosition =>
  one[0] < other[0] || (one[0] === other[0] && one[1] < other[1]) ? one : other;

/** A part of the log; `from` is inclusive, `upper` exclusive. */
type Range = { from: AuditPosition; upper: AuditPosition };

/** The filters and their indexes, the most selective first. */
const FILTERS = [
  ['target', 'audit_log_by_target', ({ target }: AuditFilter) => target],
  ['actor_id', 'audit_log_by_actor', ({ actorId }: AuditFilter) => actorId],
  ['ip', 'audit_log_by_ip', ({ ip }: AuditFilter) => ip],
  ['action', 'audit_log_by_action', ({ action }: AuditFilter) => action],
] as const;

type Condition = { column: (typeof FILTERS)[number][0]; index: string; value: string };

/** The index that a filter is read from, which covers its range too, and the conditions it does not cover. */
type Plan = { index: string; covered: readonly Condition[]; others: readonly Condition[] };

function planOf(filter: AuditFilter): Plan {
  const conditions = FILTERS.flatMap(([column, index, read]): Condition[] => {
    const value = read(filter);
    return value === undefined ? [] : [{ column, index, value }];
  });
  if (filter.projectId === EVERY_PROJECT)
    return { index: 'audit_log_by_time', covered: [], others: conditions };
  const [first, ...others] = conditions;
  if (!first) return { index: 'audit_log_by_project_and_time', covered: [], others };
  return { index: first.index, covered: [first], others };
}

/** Returns the condition for entries of one project, or of the installation (null). PostgreSQL has IS for null only. */
export function isProject(eb: ExpressionBuilder<ControlSchema, 'audit_log'>, projectId: string | null) {
  return projectId === null ? eb('project_id', 'is', null) : eb('project_id', '=', projectId);
}

/** Selects the rows of a range that fit a project and conditions. */
function selectRows(
  db: Control['db'],
  projectId: AuditFilter['projectId'],
  { from, upper }: Range,
  { index, conditions }: { index: string; conditions: readonly Condition[] },
) {
  let query = db
    .selectFrom(readByIndex(db, 'audit_log', index))
    .where(({ refTuple, tuple, eb }) => eb(refTuple('at', 'seq'), '<', tuple(...upper)))
    .where(({ refTuple, tuple, eb }) => eb(refTuple('at', 'seq'), '>=', tuple(...from)));
  if (projectId !== EVERY_PROJECT) query = query.where((eb) => isProject(eb, projectId));
  for (const { column, value } of conditions) query = query.where(column, '=', value);
  return query.orderBy('at', 'desc').orderBy('seq', 'desc');
}

/** Returns where a statement ends that examines rows which other conditions may reject; undefined if it needs no end. */
async function findStatementEnd(
  db: Control['db'],
  { projectId }: AuditFilter,
  range: Range,
  { index, covered, others }: Plan,
): Promise<AuditPosition | undefined> {
  if (others.length === 0) return undefined;
  const row = await selectRows(db, projectId, range, { index, conditions: covered })
    .select(['at', 'seq'])
    .limit(1)
    .offset(EXAMINED_PER_STATEMENT - 1)
    .executeTakeFirst();
  return row && [Number(row.at), Number(row.seq)];
}

/** Returns a row as the API returns it. `names` are those of actors and targets by ID; see `findNames`. */
export function toAuditEntryJson(row: AuditRow, names?: ReadonlyMap<string, string>): AuditEntryJson {
  const [actorName, targetName] = [names?.get(row.actor_id), names?.get(row.target)];
  const { diff, omitted } = row.diff === null ? {} : decodeDiff(row.diff);
  return {
    id: row.id,
    at: new Date(row.at).toISOString(),
    actor: { type: row.actor_type, id: row.actor_id, ...(actorName !== undefined && { name: actorName }) },
    action: row.action,
    target: row.target,
    ...(targetName !== undefined && { target_name: targetName }),
    ...(diff && { diff: diff as Record<string, Static<typeof CHANGE>> }),
    ...(omitted && { diff_omitted: omitted }),
    ip: row.ip,
    request_id: row.request_id,
  };
}
