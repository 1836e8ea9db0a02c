import type { FieldError } from './errors.ts';

const ERRORS_MAX = 20;
const PATH_LENGTH_MAX = 300;

/**
 * Returns an error for each text in `value`, at any depth, with half a character (a lone surrogate): stored and returned,
 * it would make the whole answer unreadable for strict JSON parsers.
 */
export function findHalfCharacters(value: unknown): FieldError[] {
  const errors: FieldError[] = [];
  for (const [path, text] of listTexts(value)) {
    if (text.isWellFormed()) continue;
    errors.push(halfCharacter(path || 'body'));
    if (errors.length === ERRORS_MAX) break;
  }
  return errors;
}

const halfCharacter = (field: string): FieldError => ({
  field,
  code: 'invalid_format',
  message: `${field} contains half a character (a lone surrogate); cut texts between characters.`,
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
  return path === '' ? name.toWellFormed() : `${path}.${name.toWellFormed()}`;
}
