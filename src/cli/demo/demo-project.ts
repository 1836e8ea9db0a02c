import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { createApp } from '../../apps/create.ts';
import { CLI_ACTOR } from '../../keys/actor.ts';
import { createKey } from '../../keys/create.ts';
import { CLI_MAKER } from '../../keys/maker.ts';
import { KEY_TYPES, type KeyType } from '../../keys/scopes.ts';
import type { ControlServices } from '../../open-services.ts';
import { createProject } from '../../projects/create.ts';
import { UsageError } from '../usage-error.ts';
import { DEMO_APP_NAMES, type DemoStage } from './events.ts';
import { DEMO_PLATFORMS, type DemoPlan } from './person.ts';

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
});

export type DemoState = Type.Static<typeof STATE>;

/** The keys of a demo that was just made: shown this once. */
export type DemoKeys = Record<KeyType, string>;

const SETTING = 'demo';
const DAY_MS = 86_400_000;

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

/** Makes the project of the demo: three apps, and a key of each type. Its last day is that of `nowMs`. */
export async function createDemo(
  services: DemoServices,
  plan: DemoPlan,
  nowMs: number,
): Promise<{ state: DemoState; keys: DemoKeys }> {
  const project = await createProject(services, DEMO_NAME, CLI_ACTOR);
  const appIds: Partial<DemoStage['appIds']> = {};
  for (const platform of DEMO_PLATFORMS) {
    const fields = { name: DEMO_APP_NAMES[platform], platform };
    appIds[platform] = (await createApp(services, project.id, fields, CLI_ACTOR)).id;
  }
  const keys: Partial<DemoKeys> = {};
  for (const type of KEY_TYPES) {
    const { secret } = await createKey(services, project, { name: `Demo ${type} key`, type }, CLI_MAKER);
    keys[type] = secret;
  }
  const startMs = (Math.floor(nowMs / DAY_MS) - plan.days + 1) * DAY_MS;
  const stage = { appIds: appIds as DemoStage['appIds'], startMs };
  const state = { projectId: project.id, plan, stage, loadedUntilMs: startMs - 1 };
  await saveDemo(services, state);
  return { state, keys: keys as DemoKeys };
}

/** Stores how far the demo is. */
export async function saveDemo({ control }: Pick<DemoServices, 'control'>, state: DemoState): Promise<void> {
  const value = JSON.stringify(state);
  await control.write((tx) =>
    tx
      .insertInto('settings')
      .values({ name: SETTING, value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
      .execute(),
  );
}
