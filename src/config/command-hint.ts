import { join, relative, resolve } from 'node:path';
import { defaultOf } from './settings.ts';

const COMMAND = join(import.meta.dirname, '../../bin/appflow');
/** What a shell takes literally without quotes. */
const PLAIN = /^[\w./:@%+=-]+$/;

/** Returns text as one word of a POSIX shell. */
function quoteForShell(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Returns a path as written from the current folder: relative inside it, absolute elsewhere. */
function fromHere(path: string): string {
  const short = relative('', path);
  return short === '' || short.startsWith('..') ? path : short;
}

/**
 * Returns a command line that works as printed in another terminal in the same folder: `bin/appflow init`, with
 * `--data-dir` unless the data folder is the default one.
 */
export function commandHint({ dataDir }: { dataDir: string }, args: string): string {
  const folder = resolve(dataDir);
  const isDefault = folder === resolve(defaultOf('APPFLOW_DATA_DIR'));
  const option = isDefault ? '' : ` --data-dir ${quoteForShell(folder)}`;
  return `${quoteForShell(fromHere(COMMAND))} ${args}${option}`;
}
