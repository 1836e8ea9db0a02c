import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { insertAccount } from '../src/accounts/account.ts';
import { hashPassword } from '../src/accounts/password.ts';
import { readConfig } from '../src/config/config.ts';
import { NO_CALLER } from '../src/control/control.ts';
import { openControlServices } from '../src/server/open-services.ts';
import { describeRun, quantile } from './report.ts';
import { LIMITS_OFF, startScript } from './server.ts';

// How long a failed sign-in takes, depending on the state of the account. The time must not reveal that state.

const ROUNDS = Number(process.argv[2] ?? 200);
const WARM_ROUNDS = 5;
const EMAILS = {
  'wrong password': 'known@example.com',
  'no such account': 'nobody@example.com',
  'account without a password': 'bare@example.com',
};

type Case = keyof typeof EMAILS;

const isCase = (name: string): name is Case => name in EMAILS;
const CASES = Object.keys(EMAILS).filter(isCase);

const dataDir = mkdtempSync(join(tmpdir(), 'appflow-bench-'));
const env = { APPFLOW_DATA_DIR: dataDir, LOG_LEVEL: 'warn' };

async function createAccounts(): Promise<void> {
  const services = await openControlServices(readConfig(env));
  const passwordHash = await hashPassword(services, 'the right password');
  await services.control.write(NO_CALLER, async ({ tx }) => {
    const visit = { address: '127.0.0.1', requestId: 'bench' };
    for (const email of [EMAILS['wrong password'], EMAILS['account without a password']]) {
      const { id } = await insertAccount(services, tx, { name: 'Bench', email, passwordHash }, visit);
      if (email === EMAILS['wrong password']) continue;
      await tx.updateTable('credentials').set({ password: null }).where('person_id', '=', id).execute();
    }
  });
  await services.close();
}

async function timeRefusal(url: string, email: string): Promise<number> {
  const start = performance.now();
  const { status } = await fetch(`${url}/app/v1/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ email, password: 'a wrong password' }),
  });
  if (status !== 401) throw new Error(`Signing in as ${email} was answered ${status}.`);
  return performance.now() - start;
}

await createAccounts();
const server = await startScript('../src/main.ts', { ...LIMITS_OFF, ...env, APPFLOW_LIMIT_SIGN_IN: 'off' });
console.log(describeRun('refused sign-ins', `${ROUNDS} rounds, the cases in turn, one request at a time`));
const times: Record<Case, number[]> = {
  'wrong password': [],
  'no such account': [],
  'account without a password': [],
};
for (let round = -WARM_ROUNDS; round < ROUNDS; round += 1) {
  // Rotate the order in each round, so that no case always follows the same one.
  for (let place = 0; place < CASES.length; place += 1) {
    const name = CASES[(((round + place) % CASES.length) + CASES.length) % CASES.length] ?? 'wrong password';
    const ms = await timeRefusal(server.url, EMAILS[name]);
    if (round >= 0) times[name].push(ms);
  }
}
for (const name of CASES) {
  const [p10, p50, p90] = [0.1, 0.5, 0.9].map((p) => quantile(times[name], p).toFixed(2));
  console.log(`${name}: p10 ${p10} ms, p50 ${p50} ms, p90 ${p90} ms`);
}
await server.stop();
rmSync(dataDir, { recursive: true, force: true });
