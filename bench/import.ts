import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeRun } from './report.ts';
import { readResidentMb } from './resources.ts';

// node bench/import.ts [lines of a file]

const LINES = Number(process.argv[2] ?? 200_000);
const PEOPLE = 20_000;
const START_MS = Date.parse('2024-01-01T00:00:00Z');
const MEGABYTE = 1_000_000;
const SAMPLE_MS = 50;

const timeOf = (index: number) => new Date(START_MS + index * 1_000).toISOString();
const NAMES = ['Order Completed', '$screen', 'Plan Chosen', 'App Opened', '$feature_flag_called'];

/** A line of each product's export, as long as those of its mobile SDKs. */
const LINE_OF: Record<string, (index: number) => object> = {
  posthog: (index) => ({
    uuid: `018e0000-0000-7000-8000-${String(index).padStart(12, '0')}`,
    event: NAMES[index % NAMES.length],
    distinct_id: `user_${index % PEOPLE}`,
    properties: {
      ...{ $os: 'iOS', $os_version: '17.4', $app_version: '2.4.0', $device_model: 'iPhone15,2' },
      ...{ $locale: 'de-DE', $lib: 'posthog-ios', $lib_version: '3.2.0', $session_id: `s-${index % 999}` },
      ...{ $screen_name: 'Home', plan: 'pro', revenue: 9.99, currency: 'EUR' },
    },
    person_properties: { plan: 'pro', $initial_os: 'iOS', $creator_event_uuid: 'x' },
    timestamp: timeOf(index),
    created_at: timeOf(index),
  }),
  amplitude: (index) => ({
    $insert_id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    event_type: NAMES[index % NAMES.length],
    user_id: `user_${index % PEOPLE}`,
    device_id: `device_${index % PEOPLE}`,
    event_time: timeOf(index).replace('T', ' ').replace('Z', '000'),
    event_properties: { plan: 'pro', revenue: 9.99, currency: 'EUR', screen: 'Home' },
    user_properties: { plan: 'pro', source: 'ad' },
    ...{ platform: 'iOS', os_name: 'ios', os_version: '17.4', version_name: '2.4.0', country: 'Germany' },
    ...{ language: 'German', library: 'amplitude-ios/8.1.0', device_type: 'Apple iPhone 15', city: 'Berlin' },
    session_id: START_MS + (index % 999),
  }),
};

async function writeLines(path: string, lineOf: (index: number) => object): Promise<void> {
  const file = createWriteStream(path);
  for (let index = 0; index < LINES; index += 1)
    if (!file.write(`${JSON.stringify(lineOf(index))}\n`)) await once(file, 'drain');
  file.end();
  await once(file, 'finish');
}

console.log(
  describeRun('Dry run of an export', `${LINES} lines of ${PEOPLE} people, start of the command included`),
);
const folder = mkdtempSync(join(tmpdir(), 'appflow-bench-'));
for (const [product, lineOf] of Object.entries(LINE_OF)) {
  const path = join(folder, `${product}.jsonl`);
  await writeLines(path, lineOf);
  const startedAt = performance.now();
  const command = ['src/cli/main.ts', 'import', '--from', product, path, '--dry-run', '--json'];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] });
  let residentMaxMb = 0;
  const timer = setInterval(() => {
    const residentMb = readResidentMb(child.pid ?? 0);
    // Not a number once it has ended.
    if (residentMb > residentMaxMb) residentMaxMb = residentMb;
  }, SAMPLE_MS);
  const [code] = await once(child, 'exit');
  clearInterval(timer);
  const seconds = (performance.now() - startedAt) / 1_000;
  if (code !== 0) throw new Error(`The dry run of ${product} ended with ${code}.`);
  console.log(
    `${product}: ${Math.round(LINES / seconds)} lines/s, ${(statSync(path).size / MEGABYTE / seconds).toFixed(1)} MB/s, ` +
      `${residentMaxMb} MB of memory at most`,
  );
}
rmSync(folder, { recursive: true });
