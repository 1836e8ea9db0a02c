import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { isTimeZone } from '../api/formats.ts';
import { type Config, readApiKey, readCommandConfig } from '../config/config.ts';
import { PROGRAM } from '../lib/program.ts';
import { EVENTS_PER_BATCH_MAX } from '../limits/policies.ts';
import { runDry } from './import/dry-run.ts';
import type { ExportKind } from './import/export-events.ts';
import type { ExportFormat } from './import/formats/format.ts';
import { EXPORT_FORMATS } from './import/formats/formats.ts';
import { type Import, importEvents } from './import/import-events.ts';
import { renderDryRun, renderDryRunJson } from './import/mapping-report.ts';
import { createMappingTally } from './import/mapping-tally.ts';
import { openStdin } from './import/open-stdin.ts';
import { openProgress } from './import/progress.ts';
import { readExportEvents, readOwnEvents } from './import/readers.ts';
import { type Finished, renderJson, renderRejected, renderText } from './import/report.ts';
import { NO_RESUME, openResume, type Resume } from './import/resume.ts';
import { openSource, type Source } from './import/source.ts';
import { openTarget } from './import/target.ts';
import { countRejected, NO_TOTALS, type Totals } from './import/totals.ts';
import { notify, printResult, STANDARD_ERROR } from './terminal/print.ts';
import { UsageError } from './terminal/usage-error.ts';

type Options = {
  appId?: string;
  url?: string;
  key?: string;
  keyFile?: string;
  batchSize: number;
  normalizeNames?: true;
  from?: ExportFormat;
  timeZone?: string;
  dryRun?: true;
  restart?: true;
  json?: true;
};

const EXAMPLE = `
Examples:
  APPFLOW_API_KEY=sk_… ${PROGRAM} import events.ndjson.gz --url https://appflow.example.com
  ${PROGRAM} import --from posthog events.jsonl.gz --dry-run`;

const FORMAT_NAMES = EXPORT_FORMATS.map(({ name }) => name).join(', ');

function parseFormat(name: string): ExportFormat {
  const format = EXPORT_FORMATS.find((one) => one.name === name);
  if (format) return format;
  throw new InvalidArgumentError(`Must be one of ${FORMAT_NAMES}.`);
}

function parseTimeZone(text: string): string {
  if (isTimeZone(text)) return text;
  throw new InvalidArgumentError('Must be a time zone such as America/New_York.');
}

function findExportKind({ from, timeZone }: Options): ExportKind | undefined {
  if (timeZone !== undefined && !from?.hasLocalTimes)
    throw new UsageError('--time-zone is for exports with local times. Use it with --from mixpanel.');
  return from && { format: from, timeZone };
}

function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const hasExtras = !url || `${url.username}${url.password}${url.search}${url.hash}` !== '';
  if (!hasExtras && /^https?:$/.test(url.protocol)) return text.replace(/\/+$/, '');
  throw new InvalidArgumentError('Must be a URL such as https://appflow.example.com.');
}

function parseBatchSize(text: string): number {
  const size = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (size >= 1 && size <= EVENTS_PER_BATCH_MAX) return size;
  throw new InvalidArgumentError(`Must be a whole number from 1 to ${EVENTS_PER_BATCH_MAX}.`);
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`The key file ${file} cannot be read.`, { cause: error });
  }
}

function findKey({ key, keyFile }: Options): string {
  if (key !== undefined) {
    notify(
      'Warning: a key passed with --key stays in the shell history. Use APPFLOW_API_KEY or --key-file instead.',
    );
  }
  const found = key ?? (keyFile === undefined ? readApiKey() : readKeyFile(keyFile));
  if (!found) {
    throw new UsageError(
      'There is no API key. Set APPFLOW_API_KEY, or pass a file that contains it with --key-file.',
    );
  }
  // Checked here, because a line break in a header would only fail as "fetch failed".
  if (!/^[\x21-\x7e]+$/.test(found))
    throw new UsageError('The API key contains spaces or other invalid characters. Copy it again.');
  requireServerKey(found);
  return found;
}

/**
 * Throws UsageError for a client or read-only key. An event ID counts once per app and kind of key, so a client key would
 * import again what a server key imported (docs/decisions/0020).
 */
function requireServerKey(key: string): void {
  if (key.startsWith('ck_')) {
    throw new UsageError(
      'That is a client key (ck_…). Import with a server key (sk_…): event IDs are counted separately for client keys, so events could be counted twice.',
    );
  }
  if (key.startsWith('ro_')) {
    throw new UsageError(
      "That is a read-only key (ro_…), which can't send events. Import with a server key (sk_…).",
    );
  }
}

function findName(file: string | undefined): string {
  if (file !== undefined) return file;
  if (isatty(0)) throw new UsageError('Pass a file to import, or pipe events to standard input.');
  return '-';
}

/** Returns a signal that aborts on Ctrl-C or SIGTERM. A second one ends the process as usual. */
function stopOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

function openResumeOf(source: Source, options: Options, config: Config, key: string): Resume {
  if (!source.identity) return NO_RESUME;
  // Not the port, which may change between two runs. The key identifies the installation.
  const url = options.url ?? 'local';
  const { appId, normalizeNames = false } = options;
  const from = options.from && [options.from.name, options.timeZone ?? ''].join(' ');
  const identity = { url, appId, key, normalizeNames, from, file: source.identity };
  return openResume(config.dataDir, identity, notify);
}

function findStart(resume: Resume, options: Options): Totals {
  const found = options.restart ? undefined : resume.find();
  if (!found || found.line === 0) return NO_TOTALS;
  notify(`Continuing after line ${found.line}, where the last run stopped. Use --restart to start over.`);
  return found;
}

type Job = {
  source: Source;
  kind: ExportKind | undefined;
  key: string;
  config: Config;
  options: Options;
  signal: AbortSignal;
};

/** Opens the server, imports, and always closes the server again. */
async function importInto({ source, kind, key, config, options, signal }: Job): Promise<Finished> {
  const resume = openResumeOf(source, options, config, key);
  const start = findStart(resume, options);
  const target = await openTarget(config, options.url);
  if (target.isOwn) notify('No server is running. Starting a temporary one for this import.');
  const startedAt = performance.now();
  const alreadyDone = start.accepted + start.duplicates + countRejected(start);
  const progress = openProgress(STANDARD_ERROR, source.totalBytes, alreadyDone, () => performance.now());
  const { url } = target;
  const { read, readMapping } = openReader(kind);
  // The names of another product are normalized already, and with this the server compares what they were.
  const normalizeNames = kind !== undefined || options.normalizeNames === true;
  try {
    const totals = await importEvents(
      {
        source,
        read,
        target: { url, key, appId: options.appId, normalizeNames },
        batchSize: options.batchSize,
        start,
        resume,
        progress,
      },
      { notify: progress.note, signal },
    );
    const seconds = (performance.now() - startedAt) / 1_000;
    return { totals, seconds, resumedAfterLine: start.line, mapping: readMapping() };
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Error(howToContinue(source, resume), { cause: error });
  } finally {
    progress.stop();
    await target.close();
  }
}

/** Returns how to read the source, and what became of another product's rows. */
function openReader(
  kind: ExportKind | undefined,
): Pick<Import, 'read'> & { readMapping: () => Finished['mapping'] } {
  if (!kind) return { read: readOwnEvents, readMapping: () => undefined };
  const tally = createMappingTally();
  return { read: (bytes) => readExportEvents(bytes, kind, tally, Date.now()), readMapping: tally.read };
}

function howToContinue({ identity }: Source, resume: Resume): string {
  if (!identity) return 'Stopped. Pipe the same events in again: nothing is counted twice.';
  const line = resume.find()?.line;
  if (line === undefined)
    return 'Stopped. Run the same command again: it starts at the first line, and nothing is counted twice.';
  return `Stopped after line ${line}. Run the same command again to continue from there.`;
}

async function runImport(file: string | undefined, options: Options): Promise<void> {
  const kind = findExportKind(options);
  if (options.dryRun) return dryRun(findName(file), kind, options);
  const config = readCommandConfig();
  const key = findKey(options);
  const signal = stopOnSignals();
  // With an address no server is started here, so nothing takes standard input away.
  const openInput = () => (options.url === undefined ? openStdin() : process.stdin);
  const source = await openSource(findName(file), openInput, signal);
  const finished = await importInto({ source, kind, key, config, options, signal }).finally(source.close);
  const rejected = renderRejected(finished.totals);
  if (rejected) notify(rejected);
  printResult(options.json ? renderJson(finished) : renderText(finished));
  if (rejected) process.exitCode = 1;
}

/** Prints what an import would do. Needs no key and no server. */
async function dryRun(name: string, kind: ExportKind | undefined, { json }: Options): Promise<void> {
  if (!kind) throw new UsageError("--dry-run shows what becomes of another product's export. Add --from.");
  const source = await openSource(name, () => process.stdin, stopOnSignals());
  const mapping = await runDry(source, kind, { notify, now: Date.now }).finally(source.close);
  printResult(json ? renderDryRunJson(kind.format, mapping) : renderDryRun(kind.format, mapping));
}

/** Adds `appflow import`, which sends events from a file or a pipe through the API. */
export function addImportCommand(program: Command): void {
  program
    .command('import')
    .description(
      'import events from newline-delimited JSON or from another product, plain or gzipped; safe to re-run: nothing is counted twice',
    )
    .argument('[file]', 'file to import (default: - for standard input)')
    .option('--app-id <id>', 'app ID for events without one')
    .option(
      '--url <address>',
      'server URL (default: the local server, or a temporary one if none is running)',
      parseUrl,
    )
    .option('--key-file <file>', 'file with the API key (default: the variable APPFLOW_API_KEY)')
    .addOption(new Option('--key <key>', 'API key (stays in the shell history)').conflicts('keyFile'))
    .option('--batch-size <events>', 'events per request', parseBatchSize, EVENTS_PER_BATCH_MAX)
    .option(
      '--normalize-names',
      'accept event names of any form: `Order Completed` becomes `order_completed`',
    )
    .option('--from <product>', `convert the export of another product: ${FORMAT_NAMES}`, parseFormat)
    .option(
      '--time-zone <zone>',
      'with --from mixpanel: the time zone of a project from before 2023, whose export has local times',
      parseTimeZone,
    )
    .option('--dry-run', 'with --from: send nothing, and show what would be converted, dropped and renamed')
    .option('--restart', 'start at the first line even if an earlier run was interrupted')
    .option('--json', 'print the result as one JSON line')
    .addHelpText('after', EXAMPLE)
    .action(runImport);
}
