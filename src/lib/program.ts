import { join, relative, sep } from 'node:path';

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

/** How to run a command in another terminal in the same folder: `bin/appflow`, or `npx appflow` of an installed package. */
export const PROGRAM = IS_PACKAGE ? 'npx appflow' : quoteForShell(fromHere(COMMAND));
