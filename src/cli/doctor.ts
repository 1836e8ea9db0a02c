import { type Command, InvalidArgumentError } from 'commander';
import type { ChainEnd } from '../audit/chain.ts';
import { type Config, ConfigError, listVariableWarnings, readCommandConfig } from '../config/config.ts';
import { acceptLosses } from './doctor/accept-losses.ts';
import { checkControl } from './doctor/check-control.ts';
import { checkFolder } from './doctor/check-folder.ts';
import { checkOpenFiles } from './doctor/check-open-files.ts';
import { checkProxies, checkServer } from './doctor/check-server.ts';
import { type Finding, failed, failedBy, ok, warning } from './doctor/finding.ts';
import { count } from './terminal/count.ts';
import { printResult } from './terminal/print.ts';

const SIGNS = { ok: 'ok     ', warning: 'warning', failed: 'FAILED ' } as const;

/** Checks everything that an installation needs, without changing anything. Returns one finding per check. */
async function examine(readConfig: () => Config, knownHead?: ChainEnd): Promise<Finding[]> {
  let config: Config;
  try {
    config = readConfig();
  } catch (error) {
    if (error instanceof ConfigError) return [failed('configuration', error.message)];
    throw error;
  }
  const unknown = listVariableWarnings().map((message) => warning('configuration', message));
  const findings = unknown.length > 0 ? unknown : [ok('configuration', 'All variables are valid.')];
  findings.push(...checkProxies(config));
  for (const check of [
    checkOpenFiles,
    checkFolder,
    (one: Config) => checkControl(one, knownHead),
    checkServer,
  ]) {
    findings.push(...(await attempt(() => check(config))));
  }
  return findings;
}

async function attempt(check: () => Finding[] | Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    return [failedBy('doctor', error)];
  }
}

/** Returns the findings as text: one line each, then a summary. */
function renderFindings(findings: readonly Finding[]): string {
  const lines = findings.map(({ check, status, message }) => `${SIGNS[status]}  ${check}: ${message}`);
  const countWith = (counted: Finding['status'], noun: string) => {
    const number = findings.filter(({ status }) => status === counted).length;
    return number === 0 ? [] : [count(number, noun)];
  };
  const found = [...countWith('failed', 'problem'), ...countWith('warning', 'warning')];
  const summary = found.length === 0 ? 'No problems found.' : `${found.join(' and ')} found.`;
  return `${lines.join('\n')}\n\n${summary}`;
}

function parseAuditHead(text: string): ChainEnd {
  const [, seq, mac] = /^(\d+):([\w-]+)$/.exec(text) ?? [];
  if (seq !== undefined && mac !== undefined) return { seq: Number(seq), mac };
  throw new InvalidArgumentError('Must be SEQ:MAC as in the log line "audit log head".');
}

type Options = { json?: true; auditHead?: ChainEnd; acceptLoss?: true };

/** Adds `appflow doctor`, which exits with 1 if a check failed. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check configuration, data folder, databases, secret, audit log and clock; read-only')
    .option('--json', 'print the findings as one JSON line')
    .option(
      '--audit-head <seq:mac>',
      'an "audit log head" from an earlier log line; fails if the audit log no longer contains it',
      parseAuditHead,
    )
    .option('--accept-loss', 'accept data loss found at a start: stop reporting it and keep the record')
    .action(async ({ json, auditHead, acceptLoss }: Options) => {
      if (acceptLoss) {
        printResult(await acceptLosses(readCommandConfig()));
        return;
      }
      const findings = await examine(readCommandConfig, auditHead);
      const isHealthy = findings.every(({ status }) => status !== 'failed');
      const text = json ? JSON.stringify({ ok: isHealthy, findings }) : renderFindings(findings);
      printResult(text);
      if (!isHealthy) process.exitCode = 1;
    });
}
