import type { Transaction } from 'kysely';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { insertApp } from '../../apps/create.ts';
import type { ControlSchema } from '../../control/schema.ts';
import { CLI_ACTOR } from '../../keys/actor.ts';
import { DAY_MS } from '../../lib/durations.ts';
import type { ControlServices } from '../../open-services.ts';
import { insertProject } from '../../projects/create.ts';
import type { Project } from '../../projects/project.ts';
import { UsageError } from '../usage-error.ts';
import { DEMO_APP_NAMES } from './events.ts';
import type { DemoPlan, DemoPlatform } from './person.ts';

/** What the demo's project is called. */
export const DEMO_NAME = 'Appflow Demo';

/** Kept in the control database, so that a second run finds the demo and goes on where the first one ended. */
const STATE = Type.Object({
  projectId: Type.String(),
  plan: Type.Object({ seed: Type.Integer(), days: Type.Integer(), users: Type.Integer() }),
  stage: Type.Object({
    appIds: Type.Object({ ios: Type.String(), android: Type.String(), web: Type.String() }),
    startMs: Type.Integer(),
  }),
  /** Up to when all events are stored, epoch milliseconds; before the first when none is. */
  loadedUntilMs: Type.Integer(),
  /** The key that sends what arrives while the demo is served; there once the keys are made, which is last. */
  feedKeyId: Type.Optional(Type.String()),
});

export type DemoState = Type.Static<typeof STATE>;

const SETTING = 'demo';

type DemoServices = ControlServices;

/** Returns the demo in this data folder; undefined when there is none. */
export async function findDemo({ control }: Pick<DemoServices, 'control'>): Promise<DemoState | undefined> {
  const row = await control.db
    .selectFrom('settings')
    .select('value')
    .where('name', '=', SETTING)
    .executeTakeFirst();
  if (!row) return undefined;
  const state: unknown = JSON.parse(row.value);
  if (Check(STATE, state)) return state;
  throw new Error('What the control database says of the demo cannot be read.');
}

/** Throws UsageError when the demo was made by another plan: its events would mix with others of the same ids. */
export function requireSamePlan({ plan }: DemoState, asked: Partial<DemoPlan>): void {
  for (const name of ['seed', 'days', 'users'] as const) {
    const value = asked[name];
    if (value === undefined || value === plan[name]) continue;
    throw new UsageError(
      `The demo in this data folder was made with --${name} ${plan[name]}. Leave --${name} out, or set APPFLOW_DATA_DIR to another folder.`,
    );
  }
}

/** Makes the project of the demo with its three apps, and notes it, all or nothing. Its last day is that of `nowMs`. */
export async function createDemo(services: DemoServices, plan: DemoPlan, nowMs: number): Promise<DemoState> {
  const startMs = (Math.floor(nowMs / DAY_MS) - plan.days + 1) * DAY_MS;
  const state = await services.control.write(async (tx, revision) => {
    const projectId = await insertProject(services, tx, revision, DEMO_NAME, CLI_ACTOR);
    const makeApp = (platform: DemoPlatform) => {
      const fields = { name: DEMO_APP_NAMES[platform], platform };
      return insertApp(services, tx, revision, projectId, fields, CLI_ACTOR);
    };
    const appIds = {
      ios: await makeApp('ios'),
      android: await makeApp('android'),
      web: await makeApp('web'),
    };
    const made: DemoState = { projectId, plan, stage: { appIds, startMs }, loadedUntilMs: startMs - 1 };
    await insertState(tx, made);
    return made;
  });
  await services.directory.refresh();
  return state;
}

/** Returns the project of the demo as the directory has it. Throws when it is not there. */
export function getDemoProject(
  { directory }: Pick<DemoServices, 'directory'>,
  { projectId }: DemoState,
): Project {
  const project = directory.findProject(projectId);
  if (!project) throw new Error(`The project ${projectId} of the demo is not there.`);
  return project;
}

/** Stores how far the demo is. */
export async function saveDemo({ control }: Pick<DemoServices, 'control'>, state: DemoState): Promise<void> {
  await control.write((tx) => insertState(tx, state));
}

/** The part of `saveDemo` inside a transaction: for callers that store more in the same one. */
export async function insertState(tx: Transaction<ControlSchema>, state: DemoState): Promise<void> {
  const value = JSON.stringify(state);
  await tx
    .insertInto('settings')
    .values({ name: SETTING, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}
