import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { CLI_ACTOR } from '../../api/caller.ts';
import { insertApp } from '../../apps/create.ts';
import { type ControlTransaction, NO_CALLER } from '../../control/control.ts';
import type { Project } from '../../directory/project.ts';
import { DAY_MS } from '../../lib/durations.ts';
import { insertProject } from '../../projects/create.ts';
import type { ControlServices } from '../../server/open-services.ts';
import { UsageError } from '../terminal/usage-error.ts';
import { DEMO_APP_NAMES } from './events.ts';
import type { DemoPlan, DemoPlatform } from './person.ts';

/** The name of the demo's project. */
export const DEMO_NAME = 'Appflow Demo';

/** Stored in the control database, so that a later run continues where the last one stopped. */
const STATE = Type.Object({
  projectId: Type.String(),
  plan: Type.Object({ seed: Type.Integer(), days: Type.Integer(), users: Type.Integer() }),
  stage: Type.Object({
    appIds: Type.Object({ ios: Type.String(), android: Type.String(), web: Type.String() }),
    startMs: Type.Integer(),
  }),
  /** All events up to this time are stored, epoch milliseconds; initially just before the first day. */
  loadedUntilMs: Type.Integer(),
  /** The key that sends events while the demo is served. Set once the keys exist, which are created last. */
  feedKeyId: Type.Optional(Type.String()),
});

/** The state of the demo in a data folder. */
export type DemoState = Type.Static<typeof STATE>;

const SETTING = 'demo';

type DemoServices = ControlServices;

/** Returns the demo in this data folder; undefined if there is none. */
export async function findDemo({ control }: Pick<DemoServices, 'control'>): Promise<DemoState | undefined> {
  const row = await control.db
    .selectFrom('settings')
    .select('value')
    .where('name', '=', SETTING)
    .executeTakeFirst();
  if (!row) return undefined;
  const state: unknown = JSON.parse(row.value);
  if (Check(STATE, state)) return state;
  throw new Error(
    'The state of the demo in the control database is invalid. Use another folder with --data-dir.',
  );
}

/** Throws UsageError if the demo was created with another plan: its events would clash with others of the same ids. */
export function requireSamePlan({ plan }: DemoState, requested: Partial<DemoPlan>): void {
  for (const name of ['seed', 'days', 'users'] as const) {
    const value = requested[name];
    if (value === undefined || value === plan[name]) continue;
    throw new UsageError(
      `The demo in this data folder was created with --${name} ${plan[name]}. Omit --${name}, or use another folder with --data-dir.`,
    );
  }
}

/** Creates the demo's project with three apps and records it, in one transaction. Its last day is that of `nowMs`. */
export async function createDemo(services: DemoServices, plan: DemoPlan, nowMs: number): Promise<DemoState> {
  const startMs = (Math.floor(nowMs / DAY_MS) - plan.days + 1) * DAY_MS;
  const state = await services.control.write(NO_CALLER, async (write) => {
    const projectId = await insertProject(services, write, DEMO_NAME, CLI_ACTOR);
    const makeApp = (platform: DemoPlatform) => {
      const fields = { name: DEMO_APP_NAMES[platform], platform };
      return insertApp(services, write, projectId, fields, CLI_ACTOR);
    };
    const appIds = {
      ios: await makeApp('ios'),
      android: await makeApp('android'),
      web: await makeApp('web'),
    };
    const created: DemoState = { projectId, plan, stage: { appIds, startMs }, loadedUntilMs: startMs - 1 };
    await insertState(write.tx, created);
    return created;
  });
  await services.directory.refresh();
  return state;
}

/** Returns the demo's project from the directory. Throws if it does not exist. */
export function getDemoProject(
  { directory }: Pick<DemoServices, 'directory'>,
  { projectId }: DemoState,
): Project {
  const project = directory.findProject(projectId);
  if (!project)
    throw new Error(`The demo project ${projectId} no longer exists. Use another folder with --data-dir.`);
  return project;
}

/** Stores the demo's state. */
export async function saveDemo({ control }: Pick<DemoServices, 'control'>, state: DemoState): Promise<void> {
  await control.write(NO_CALLER, ({ tx }) => insertState(tx, state));
}

/** Like `saveDemo`, but inside the caller's transaction. */
export async function insertState(tx: ControlTransaction, state: DemoState): Promise<void> {
  const value = JSON.stringify(state);
  await tx
    .insertInto('settings')
    .values({ name: SETTING, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}
