import { createSecret } from '../src/directory/secret.ts';
import { HTTP_CONNECTIONS, measureSelf, readCpuSeconds } from './load.ts';
import { describeRun, median } from './report.ts';
import { LIMITS_OFF, startAppflow, startScript } from './server.ts';

const ROUNDS = 5;
const SECONDS = Number(process.argv[2] ?? 4);
const CONNECTIONS = Number(process.argv[3] ?? HTTP_CONNECTIONS);
/** High enough never to deny: the limiter still decides and writes its headers for every request. */
const LIMITS_WIDE = { ...LIMITS_OFF, APPFLOW_LIMIT_MANAGEMENT: '1000000/10000000' };
const NAMES = ['bare', 'keyless', 'valid', 'unknown', 'betterAuth'] as const;

type Name = (typeof NAMES)[number];

const bare = await startScript('bare-server.ts', {});
const keyless = await startScript('keyless-server.ts', {});
const appflow = await startAppflow(LIMITS_WIDE);
const betterAuth = await startScript('better-auth-server.ts', {});
const measure = (url: string, key: string | undefined, expected: 200 | 401 = 200) =>
  measureSelf(url, key, SECONDS, expected, CONNECTIONS);
const cases: Record<Name, () => Promise<number>> = {
  bare: () => measure(bare.url, undefined),
  keyless: () => measure(keyless.url, undefined),
  valid: () => measure(appflow.url, appflow.project.server_key),
  unknown: () => measure(appflow.url, createSecret('server'), 401),
  betterAuth: () => measure(betterAuth.url, betterAuth.firstLines[0]),
};
console.log(
  describeRun(
    'HTTP: GET /v1/api-keys/self',
    `${CONNECTIONS} connections, ${ROUNDS} interleaved rounds of ${SECONDS} s, limits on and wide; better-auth 1.7.25 with its limit off`,
  ),
);
const pids: Record<Name, number> = {
  bare: bare.pid,
  keyless: keyless.pid,
  valid: appflow.pid,
  unknown: appflow.pid,
  betterAuth: betterAuth.pid,
};
const none = (): Record<Name, number[]> => ({
  bare: [],
  keyless: [],
  valid: [],
  unknown: [],
  betterAuth: [],
});
const [rounds, cpuUs, generatorCores] = [none(), none(), none()];
for (let round = 0; round < ROUNDS; round += 1) {
  for (const name of NAMES) {
    const before = readCpuSeconds(pids[name]);
    const generatorBefore = process.cpuUsage();
    const perSecond = await cases[name]();
    const { user, system } = process.cpuUsage(generatorBefore);
    rounds[name].push(perSecond);
    generatorCores[name].push((user + system) / 1e6 / SECONDS);
    cpuUs[name].push(((readCpuSeconds(pids[name]) - before) * 1e6) / (perSecond * SECONDS));
  }
}
const cpuRatio = (a: Name, b: Name) => (median(cpuUs[b]) / median(cpuUs[a])).toFixed(2);
const ratios = (a: Name, b: Name) =>
  median(rounds[a].map((value, index) => value / (rounds[b][index] ?? Number.NaN))).toFixed(2);
for (const name of NAMES) {
  const values = rounds[name];
  const cpu = median(cpuUs[name]).toFixed(0);
  console.log(
    `${name}: median ${Math.round(median(values))} rps (${values.map(Math.round).join(', ')}), ${cpu} µs of CPU a request, load generator ${median(generatorCores[name]).toFixed(2)} cores`,
  );
}
console.log(
  `authenticated + limited ÷ the same server and record without: ${ratios('valid', 'keyless')} (median of rounds)`,
);
console.log(`authenticated + limited ÷ bare Fastify: ${ratios('valid', 'bare')} (median of rounds)`);
console.log(
  `authenticated ÷ better-auth api-key on SQLite: ${ratios('valid', 'betterAuth')} (median of rounds)`,
);
console.log(`unknown ÷ valid: ${ratios('unknown', 'valid')} (median of rounds)`);
console.log(
  `by CPU per request: ÷ without ${cpuRatio('valid', 'keyless')}, ÷ better-auth ${cpuRatio('valid', 'betterAuth')}, unknown ÷ valid ${cpuRatio('unknown', 'valid')}`,
);
await bare.stop();
await keyless.stop();
await betterAuth.stop();
await appflow.stop();
