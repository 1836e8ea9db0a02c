import { toStorableText } from '../lib/text/storable-text.ts';
import type { FieldError } from './errors.ts';

const ERRORS_MAX = 20;
const PATH_LENGTH_MAX = 300;

/** Stored and returned, it would make the whole answer unreadable for strict JSON parsers. */
const HALF_CHARACTER = 'contains half a character (a lone surrogate); cut texts between characters.';
/** PostgreSQL cannot store it, nor compare with it. */
const NUL_CHARACTER = 'contains the character U+0000; leave it out.';

/** Returns an error for each text in `value`, at any depth, with half a character or, unless it is allowed, U+0000. */
export function findInvalidCharacters(value: unknown, { allowsNul }: { allowsNul: boolean }): FieldError[] {
  const errors: FieldError[] = [];
  for (const [path, text] of listTexts(value)) {
    const field = path || 'body';
    if (!text.isWellFormed()) errors.push(invalid(field, HALF_CHARACTER));
    else if (!allowsNul && text.includes('\0')) errors.push(invalid(field, NUL_CHARACTER));
    if (errors.length === ERRORS_MAX) break;
  }
  return errors;
}

const invalid = (field: string, reason: string): FieldError => ({
  field,
  code: 'invalid_format',
  message: `${field} ${reason}`,
});

/** Yields every string and every member's name in a value, with its path. */
function* listTexts(root: unknown): Generator<[path: string, text: string]> {
  // A stack of its own: a body may nest tens of thousands deep.
  const pending: [path: string, value: unknown][] = [['', root]];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [path, value] = next;
    if (typeof value === 'string') yield next as [string, string];
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, member] of Object.entries(value)) {
      const at = extend(path, name);
      yield [at, name];
      pending.push([at, member]);
    }
  }
}

function extend(path: string, name: string): string {
  if (path.length > PATH_LENGTH_MAX) return path;
  return path === '' ? toStorableText(name) : `${path}.${toStorableText(name)}`;
}
