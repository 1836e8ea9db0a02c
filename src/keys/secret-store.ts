import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Control } from '../control/open.ts';
import { macOf, type Pepper } from './secret.ts';

const SECRET_BYTES = 32;
const KNOWN_VALUE = 'appflow known value';
const SETTING = 'secret_check';

/** Makes the data folder and its parts with the rights they need: nobody else reads the secret. */
export function prepareDataDir(dataDir: string): {
  controlFile: string;
  eventsDir: string;
  secretFile: string;
} {
  const secretsDir = join(dataDir, 'secrets');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  mkdirSync(secretsDir, { recursive: true, mode: 0o700 });
  // A folder that was there before keeps its rights unless they are set.
  chmodSync(secretsDir, 0o700);
  return {
    controlFile: join(dataDir, 'control.db'),
    eventsDir: join(dataDir, 'events'),
    secretFile: join(secretsDir, 'appflow-secret'),
  };
}

/** Returns the secret kept in `file`, made at the first start. Two first starts at once agree on one of them. */
export function loadSecret(file: string): string {
  if (!existsSync(file)) createSecretFile(file);
  chmodSync(file, 0o600);
  const secret = readFileSync(file, 'utf8').trim();
  if (secret.length >= SECRET_BYTES) return secret;
  throw new Error(
    `The secret in ${file} is cut short. Put the former one back; without it no API key works.`,
  );
}

/** Written aside and linked into place: nobody ever reads half a secret, and a kill leaves none. */
function createSecretFile(file: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${randomBytes(SECRET_BYTES).toString('base64url')}\n`, { mode: 0o600, flush: true });
  try {
    linkSync(draft, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Throws, saying what to do, when the stored keys were made under another secret: no key would ever match. */
export async function requireSameSecret({ db }: Control, pepper: Pepper): Promise<void> {
  const check = Buffer.from(macOf(KNOWN_VALUE, pepper), 'latin1').toString('base64url');
  await db
    .insertInto('settings')
    .values({ name: SETTING, value: check })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
  const { value } = await db
    .selectFrom('settings')
    .select('value')
    .where('name', '=', SETTING)
    .executeTakeFirstOrThrow();
  if (value === check) return;
  throw new Error(
    'APPFLOW_SECRET is not the secret this data folder was made with, so no API key would work. ' +
      'Set the former secret again (APPFLOW_SECRET, APPFLOW_SECRET_FILE, or secrets/appflow-secret in the data folder).',
  );
}
