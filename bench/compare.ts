import { join, resolve } from 'node:path';
import { createSecret } from '../src/directory/secret.ts';
import { INGEST_SHAPES, measureIngest, measureSelf } from './load.ts';
import { describeRun, median } from './report.ts';
import { LIMITS_OFF, startAppflow } from './server.ts';

// Compares this checkout with another one, whose packages are installed, in one run:
//   npm run bench:compare -- ../other-checkout [rounds] [part of a case's name]
// The servers of both run side by side and are measured in turns, so that both see the same machine.

const [otherDir = '', roundsText = '5', wanted = ''] = process.argv.slice(2);
const HTTP_SECONDS = 4;
const INGEST_SECONDS = 6;
const LIMITS_WIDE = { ...LIMITS_OFF, APPFLOW_LIMIT_MANAGEMENT: '1000000/10000000' };

type Server = Awaited<ReturnType<typeof startAppflow>>;
type Case = { name: string; env?: Record<string, string>; run: (server: Server) => Promise<number> };

const other: { startAppflow: typeof startAppflow } = await import(
  join(resolve(otherDir), 'bench', 'server.ts')
);
const cases: Case[] = [
  {
    name: 'GET /v1/api-keys/self, requests/s',
    env: LIMITS_WIDE,
    run: ({ url, project }) => measureSelf(url, project.server_key, HTTP_SECONDS),
  },
  {
    name: 'the same with unknown keys (401), requests/s',
    env: LIMITS_WIDE,
    run: ({ url }) => measureSelf(url, createSecret('server'), HTTP_SECONDS, 401),
  },
  ...INGEST_SHAPES.map((shape) => ({
    name: `ingest, batches of ${shape.batch} over ${shape.connections} connections, events/s`,
    run: async ({ url, project }: Server) =>
      (await measureIngest({ url, key: project.server_key }, shape, INGEST_SECONDS)).perSecond,
  })),
];

console.log(describeRun('This checkout and another, in turns', `${roundsText} rounds, this ÷ other`));
for (const { name, env = LIMITS_OFF, run } of cases) {
  if (!name.includes(wanted)) continue;
  const servers = { other: await other.startAppflow(env), own: await startAppflow(env) };
  const figures: { other: number; own: number }[] = [];
  // The first round warms both up.
  for (let round = 0; round <= Number(roundsText); round += 1) {
    const figure = { other: 0, own: 0 };
    for (const side of round % 2 === 0 ? (['other', 'own'] as const) : (['own', 'other'] as const)) {
      figure[side] = await run(servers[side]);
    }
    if (round > 0) figures.push(figure);
  }
  const ratios = figures.map(({ other, own }) => own / other);
  const list = figures.map(({ other, own }) => `${Math.round(other)} → ${Math.round(own)}`).join(', ');
  console.log(`${name}: ratio ${median(ratios).toFixed(3)} (${list})`);
  await servers.own.stop();
  await servers.other.stop();
}
