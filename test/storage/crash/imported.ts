import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SentEvent } from '../../analytics/persons-reference.ts';
import { type Command, startCli } from '../../support/child-processes.ts';
import { readImportedLine } from '../../support/import-progress.ts';
import { until } from '../../support/until.ts';
import { createUntouched, type Draw } from './draw-events.ts';
import { toBody } from './load.ts';
import { noteAnswer, type Sent } from './sent.ts';

/** An import that is running, and its events. */
export type Import = { events: SentEvent[]; command: Command; start: () => Command };

const EVENTS = 400;
const BATCH_SIZE = '20';

/** Starts to import new events of people who are not erased, some of them links, into a server at `url`. */
export function startImport(
  { dataDir, env, key, url }: { dataDir: string; env: Record<string, string>; key: string; url: string },
  sent: Sent,
  draw: Draw,
): Import {
  const isUntouched = createUntouched(sent);
  const events = Array.from({ length: EVENTS }, () =>
    draw.below(5) === 0 ? draw.link(isUntouched) : draw.event(isUntouched),
  );
  for (const event of events) sent.unknown.set(event.event_id, event);
  const file = join(dataDir, 'import.ndjson');
  writeFileSync(file, events.map((event) => `${JSON.stringify(toBody(event))}\n`).join(''));
  const args = ['import', file, '--url', url, '--json', '--batch-size', BATCH_SIZE];
  const start = () => startCli(args, { ...env, APPFLOW_API_KEY: key });
  return { events, command: start(), start };
}

/** Waits until an import has begun: one that has not found the server yet gives up when it is gone. */
export async function untilImporting(dataDir: string, { command: { child } }: Import): Promise<void> {
  await until('the import has begun', () => readImportedLine(dataDir) > 0 || child.exitCode !== null);
}

/** Waits until an import has ended, or starts it again if it was killed too, and notes its events. */
export async function finishImport(
  sent: Sent,
  { events, command, start }: Import,
  wasKilled: boolean,
): Promise<void> {
  const first = await command.ended;
  const { code, stdout, stderr } = wasKilled && first.code !== 0 ? await start().ended : first;
  assert.equal(code, 0, stderr);
  const { accepted, duplicates } = JSON.parse(stdout);
  noteAnswer(sent, events, { accepted, duplicates, rejected: [] }, true);
}
