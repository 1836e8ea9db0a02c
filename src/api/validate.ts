import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { findKeysIn } from '../directory/secret.ts';
import { WITHOUT_NUL } from '../lib/schema.ts';
import { type FieldError, validationFailed } from './errors.ts';
import { FORMAT_MESSAGES, registerFormats } from './formats.ts';

registerFormats();

/** Returns the mistakes in `value`, by field; an empty list if it is valid. */
export type Check = (value: unknown) => FieldError[];

type SchemaError = {
  keyword: string;
  instancePath: string;
  params: Record<string, unknown>;
  message: string;
};

/** Returns the check of a schema. It is compiled the first time a value is checked: a server has hundreds, and most starts use few. */
export function compileCheck(schema: TSchema): Check {
  let compiled: ReturnType<typeof Compile> | undefined;
  const lists = listLimitedLists(schema);
  return (given) => {
    compiled ??= Compile(schema);
    const validator = compiled;
    const value = shorten(given, lists);
    if (validator.Check(value)) return [];
    const errors = toFieldErrors(validator.Errors(value) as SchemaError[]);
    // The library limits the number of errors, so those that name a field may be missing: never treat that as valid.
    return errors.length > 0 ? errors : [TOO_MANY_MISTAKES];
  };
}

type LimitedList = { name: string; itemsMax: number };

/** Returns the members of an object schema that are lists with a maximum, nullable ones included. */
function listLimitedLists(schema: TSchema): LimitedList[] {
  const { properties = {} } = schema as { properties?: Record<string, ItemsMax> };
  return Object.entries(properties).flatMap(([name, member]) => {
    const itemsMax = [member, ...(member.anyOf ?? [])].find((one) => one.maxItems !== undefined)?.maxItems;
    return itemsMax === undefined ? [] : [{ name, itemsMax }];
  });
}

type ItemsMax = { maxItems?: number; anyOf?: ItemsMax[] };

/**
 * Returns the value with no more elements in a list than show that it has too many: each takes time to validate, some
 * a tenth of a millisecond, and thousands fit into a body.
 */
function shorten(value: unknown, lists: readonly LimitedList[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  let shortened: Record<string, unknown> | undefined;
  for (const { name, itemsMax } of lists) {
    const list: unknown = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
    if (!Array.isArray(list) || list.length <= itemsMax) continue;
    shortened ??= { ...value };
    shortened[name] = list.slice(0, itemsMax + 1);
  }
  return shortened ?? value;
}

const TOO_MANY_MISTAKES: FieldError = {
  field: 'body',
  code: 'invalid',
  message: 'body has too many errors to list, most of them unknown fields.',
};

const fieldOf = (instancePath: string) =>
  instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');

const join = (parent: string, name: string) => (parent === '' ? name : `${parent}.${name}`);

/** Returns one error per field: of a union's several errors, the one about a value of the right type is most useful. */
function toFieldErrors(errors: SchemaError[]): FieldError[] {
  const byField = new Map<string, FieldError>();
  // A member that may have any name has an error of its own about its value.
  const withOwnError = new Set(
    errors.filter(({ keyword }) => keyword !== 'boolean').map(({ instancePath }) => instancePath),
  );
  for (const error of errors
    .filter((one) => !isRedundantNull(one, errors))
    .flatMap((one) => expand(one, withOwnError))) {
    const known = byField.get(error.field);
    const saysMore = known?.code === 'invalid_type' && error.code !== 'invalid_type';
    if (known === undefined || saysMore) byField.set(error.field, error);
  }
  return [...byField.values()];
}

/** Whether an error is only "must be null" for a value that is not meant to be null and has mistakes inside. */
function isRedundantNull({ keyword, params, instancePath }: SchemaError, errors: SchemaError[]): boolean {
  if (keyword !== 'type' || params.type !== 'null') return false;
  return errors.some((other) => other.instancePath.startsWith(`${instancePath}/`));
}

const listOf = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);

function expand(
  { keyword, instancePath, params, message }: SchemaError,
  withOwnError: ReadonlySet<string>,
): FieldError[] {
  const field = fieldOf(instancePath);
  switch (keyword) {
    // Covered by the parent's `additionalProperties`, which names the field.
    case 'boolean':
    case 'anyOf':
      return [];
    case 'required':
      return listOf(params.requiredProperties).map((name) => ({
        field: join(field, name),
        code: 'required',
        message: `${name} is required.`,
      }));
    case 'additionalProperties':
      return listOf(params.additionalProperties)
        .filter((name) => !withOwnError.has(`${instancePath}/${escapePointer(name)}`))
        .map((name) => ({
          field: join(field, name),
          code: 'unknown_field',
          message: `There is no field ${name} here; check its spelling.`,
        }));
    default:
      return [
        {
          field: field || 'body',
          code: codeOf(keyword),
          message: `${field || 'body'} ${explain(keyword, params, message)}.`,
        },
      ];
  }
}

/** Escapes a name in a JSON Pointer (RFC 6901 §3). */
const escapePointer = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1');

const codeOf = (keyword: string) =>
  ({ type: 'invalid_type', enum: 'invalid_choice', const: 'invalid_choice', format: 'invalid_format' })[
    keyword
  ] ?? 'out_of_range';

const countOf = (count: unknown, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

/** What to send instead; the library only describes the mistake. */
const BOUNDS: Record<string, (limit: unknown) => string> = {
  minItems: (limit) => `must hold at least ${countOf(limit, 'entry', 'entries')}`,
  maxItems: (limit) => `must hold at most ${countOf(limit, 'entry', 'entries')}`,
  minProperties: (limit) => `must hold at least ${countOf(limit, 'field', 'fields')}`,
  maxProperties: (limit) => `must hold at most ${countOf(limit, 'field', 'fields')}`,
  minLength: (limit) => `must have at least ${countOf(limit, 'character', 'characters')}`,
  maxLength: (limit) => `must have at most ${countOf(limit, 'character', 'characters')}`,
  minimum: (limit) => `must be at least ${limit}`,
  maximum: (limit) => `must be at most ${limit}`,
};

const PATTERNS: Record<string, string> = {
  '\\S': 'must have a character that can be seen',
  [WITHOUT_NUL.pattern]: 'must not contain the character U+0000',
};

function explain(keyword: string, params: Record<string, unknown>, message: string): string {
  if (keyword === 'format') return FORMAT_MESSAGES[String(params.format)] ?? message;
  if (keyword === 'enum') return `must be one of ${listOf(params.allowedValues).join(', ')}`;
  if (keyword === 'const') return `must be ${JSON.stringify(params.allowedValue)}`;
  if (keyword === 'type') return `must be of type ${String(params.type)}`;
  if (keyword === 'pattern')
    return PATTERNS[String(params.pattern)] ?? `must match ${String(params.pattern)}`;
  return BOUNDS[keyword]?.(params.limit) ?? message;
}

/** Throws 422 if an API key was pasted into one of these texts, named by their fields. */
export function requireNoKeysIn(texts: Readonly<Record<string, string | null | undefined>>): void {
  const fields = Object.entries(texts).map(([field, text]) => [field, [text]] as const);
  const mistakes = findKeysIn(Object.fromEntries(fields));
  if (mistakes.length > 0) throw validationFailed(mistakes);
}
