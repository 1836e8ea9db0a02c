import { join, relative, resolve, sep } from 'node:path';
import { defaultOf } from './settings.ts';

const COMMAND = join(import.meta.dirname, '../../bin/appflow');
/** What a shell takes literally without quotes. */
const PLAIN = /^[\w./:@%+=-]+$/;

/** Returns text as one word of a POSIX shell. */
export function quoteForShell(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Returns a path as written from the current folder: relative inside it, absolute elsewhere. */
function fromHere(path: string): string {
  const short = relative('', path);
  return short === '' || short.startsWith('..') ? path : short;
}

/** Whether this is an installed package, whose command npx finds from the folder it is installed for. */
const IS_PACKAGE = import.meta.dirname.includes(`${sep}node_modules${sep}`);

/**
 * Returns a command line that works as printed in another terminal in the same folder: `bin/appflow init`, or `npx appflow init` of an installed package, with
 * `--data-dir` unless the data folder is the default one.
 */
export function commandHint({ dataDir }: { dataDir: string }, args: string): string {
  const folder = resolve(dataDir);
  const isDefault = folder === resolve(defaultOf('APPFLOW_DATA_DIR'));
  const option = isDefault ? '' : ` --data-dir ${quoteForShell(folder)}`;
  const command = IS_PACKAGE ? 'npx appflow' : quoteForShell(fromHere(COMMAND));
  return `${command} ${args}${option}`;
}
