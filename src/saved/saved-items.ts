import type { Selectable } from 'kysely';
import type { Requester } from '../api/caller.ts';
import { type CAPS, requireBelowCap } from '../api/caps.ts';
import { ApiError } from '../api/errors.ts';
import type { IdempotencyKey } from '../api/route.ts';
import type { AuditAction, ChangeServices } from '../audit/audit.ts';
import { diffOf } from '../audit/diff.ts';
import type { Control, ControlTransaction, Write } from '../control/control.ts';
import type { SavedItemTable } from '../control/schema.ts';
import { runOnce } from '../idempotency/run-once.ts';
import { type IdPrefix, newId } from '../lib/id.ts';

/**
 * One kind of thing that a project saves. To add one: its name in `SavedItem`, a file like `annotations.ts` with its
 * schema and an object of this type, its routes, a cap, its audit actions and its prefix of IDs. It needs no migration.
 */
export type SavedKind = {
  kind: 'annotation' | 'view' | 'funnel';
  idPrefix: IdPrefix;
  cap: keyof typeof CAPS;
  /** Completes the sentence of the cap: "There are 500 … already". */
  plural: string;
  actions: { created: AuditAction; deleted: AuditAction };
};

/** A kind that can be changed. */
export type UpdatableKind = SavedKind & { actions: { updated: AuditAction } };

/** What is saved: times are epoch milliseconds. */
export type SavedItem<Content> = { id: string; content: Content; createdAt: number; updatedAt: number };

/** The services that saving needs. */
export type SavedServices = Pick<ChangeServices, 'control' | 'audit' | 'clock'>;

/** Returns everything of a kind that a project saved, oldest first. There is never more than its cap. */
export async function listSaved<Content>(
  { db }: Pick<Control, 'db'>,
  projectId: string,
  { kind }: SavedKind,
): Promise<SavedItem<Content>[]> {
  const rows = await db
    .selectFrom('saved_items')
    .selectAll()
    .where('project_id', '=', projectId)
    .where('kind', '=', kind)
    .orderBy('id')
    .execute();
  return rows.map(toItem<Content>);
}

/** Returns what is saved. Throws 404 outside the project. */
export async function getSaved<Content>(
  { db }: Pick<Control, 'db'>,
  projectId: string,
  kind: SavedKind,
  id: string,
): Promise<SavedItem<Content>> {
  return toItem<Content>(await getRow(db, projectId, kind, id));
}

/**
 * Saves one more and returns it; for a repeated idempotency key, what the first request saved. Throws 409 if the project
 * has no room for it, or if what the first request saved was deleted since.
 */
export async function createSaved<Content extends Readonly<Record<string, unknown>>>(
  services: SavedServices,
  projectId: string,
  kind: SavedKind,
  content: Content,
  { actor, recheck }: Requester,
  idempotencyKey?: IdempotencyKey,
): Promise<SavedItem<Content>> {
  const now = services.clock.now();
  return services.control.write(recheck, async (write) =>
    runOnce(write, idempotencyKey, now, {
      async create() {
        const item = await insertItem(write, projectId, kind, content, now);
        const entry = { projectId, actor, target: item.id, diff: diffOf({}, content) };
        await services.audit.append(write.tx, { ...entry, action: kind.actions.created });
        return { result: item, createdId: item.id, sealedAnswer: null };
      },
      async replay({ createdId }) {
        const row = await findRow(write.tx, projectId, kind, createdId);
        if (row) return toItem<Content>(row);
        throw new ApiError('conflict', { detail: `The ${kind.kind} of this request was deleted.` });
      },
    }),
  );
}

async function insertItem<Content extends Readonly<Record<string, unknown>>>(
  { tx }: Write,
  projectId: string,
  { kind, idPrefix, cap, plural }: SavedKind,
  content: Content,
  now: number,
): Promise<SavedItem<Content>> {
  const { count } = await tx
    .selectFrom('saved_items')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('project_id', '=', projectId)
    .where('kind', '=', kind)
    .executeTakeFirstOrThrow();
  requireBelowCap(count, cap, plural);
  const row = {
    id: newId(idPrefix),
    project_id: projectId,
    kind,
    content: JSON.stringify(content),
    created_at: now,
    updated_at: now,
  };
  await tx.insertInto('saved_items').values(row).execute();
  return { id: row.id, content, createdAt: now, updatedAt: now };
}

/** Changes members of what is saved and returns it. Throws 404 outside the project. */
export async function updateSaved<Content extends Readonly<Record<string, unknown>>>(
  { control, audit, clock }: SavedServices,
  projectId: string,
  kind: UpdatableKind,
  id: string,
  change: Partial<Content>,
  { actor, recheck }: Requester,
): Promise<SavedItem<Content>> {
  return control.write(recheck, async ({ tx }) => {
    const before = toItem<Content>(await getRow(tx, projectId, kind, id));
    const content = { ...before.content, ...change };
    const diff = diffOf(before.content, content);
    if (!diff) return before;
    const updatedAt = clock.now();
    await tx
      .updateTable('saved_items')
      .set({ content: JSON.stringify(content), updated_at: updatedAt })
      .where('id', '=', id)
      .execute();
    await audit.append(tx, { projectId, actor, action: kind.actions.updated, target: id, diff });
    return { ...before, content, updatedAt };
  });
}

/** Deletes what is saved and returns it as it was. Throws 404 outside the project. */
export async function deleteSaved<Content extends Readonly<Record<string, unknown>>>(
  { control, audit }: SavedServices,
  projectId: string,
  kind: SavedKind,
  id: string,
  { actor, recheck }: Requester,
): Promise<SavedItem<Content>> {
  return control.write(recheck, async ({ tx }) => {
    const item = toItem<Content>(await getRow(tx, projectId, kind, id));
    await tx.deleteFrom('saved_items').where('id', '=', id).execute();
    const entry = { projectId, actor, target: id, diff: diffOf(item.content, {}) };
    await audit.append(tx, { ...entry, action: kind.actions.deleted });
    return item;
  });
}

function findRow(tx: ControlTransaction | Control['db'], projectId: string, { kind }: SavedKind, id: string) {
  return tx
    .selectFrom('saved_items')
    .selectAll()
    .where('id', '=', id)
    .where('project_id', '=', projectId)
    .where('kind', '=', kind)
    .executeTakeFirst();
}

async function getRow(
  tx: ControlTransaction | Control['db'],
  projectId: string,
  kind: SavedKind,
  id: string,
) {
  const row = await findRow(tx, projectId, kind, id);
  if (!row) throw new ApiError('not_found', { detail: `There is no such ${kind.kind}.` });
  return row;
}

/** Only `insertItem` and `updateSaved` write what this reads. */
function toItem<Content>(row: Selectable<SavedItemTable>): SavedItem<Content> {
  return {
    id: row.id,
    content: JSON.parse(row.content) as Content,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
