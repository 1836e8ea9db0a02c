// The dashboard imports it too: nothing here may import a library.
import { parsePropertyFilter, renderPropertyFilter } from './property-filter.ts';

/** How a property is compared. `exists` has no value; `gt` and `lt` compare numbers. */
export const PROPERTY_OPERATORS = ['is', 'is_not', 'contains', 'exists', 'gt', 'lt'] as const;

/** One of `PROPERTY_OPERATORS`. */
export type PropertyOperator = (typeof PROPERTY_OPERATORS)[number];

/** A condition for a property of an event; `value` is empty for `exists`. */
export type PropertyCondition = { property: string; op: PropertyOperator; value: string };

/** Why a text is no condition, as the end of a sentence that begins with the parameter's name. */
export type ConditionMistake = string;

const isOperator = (text: string): text is PropertyOperator =>
  PROPERTY_OPERATORS.some((known) => known === text);

/** Returns the condition in NAME:OPERATOR:VALUE (NAME:exists has no value), or what is wrong with it. */
export function parsePropertyCondition(text: string): PropertyCondition | ConditionMistake {
  const named = parsePropertyFilter(text);
  if (named === undefined) return 'must be NAME:OPERATOR:VALUE.';
  const [op = '', ...rest] = named.value.split(':');
  if (!isOperator(op)) return `must have an operator that is one of ${PROPERTY_OPERATORS.join(', ')}.`;
  if (op !== 'exists' && rest.length === 0) return `must have a value after ${op}.`;
  const condition = { property: named.name, op, value: rest.join(':') };
  return findMistake(condition) ?? condition;
}

/** Returns what is wrong with a condition, as the end of a sentence; undefined if it is valid. */
export function findMistake({ op, value }: PropertyCondition): ConditionMistake | undefined {
  if (op === 'exists' && value !== '') return 'must have no value after exists.';
  if (op === 'contains' && value === '') return 'must have a text after contains.';
  if ((op === 'gt' || op === 'lt') && !isNumber(value)) return `must have a number after ${op}.`;
  return undefined;
}

/** What `gt` and `lt` take for a number, as a regular expression: digits with an optional fraction and exponent, as in JSON. */
export const NUMBER_PATTERN = '^-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$';

const NUMBER = new RegExp(NUMBER_PATTERN);

/** Whether a text is a finite number that `gt` and `lt` can compare. */
export const isNumber = (text: string): boolean => NUMBER.test(text) && Number.isFinite(Number(text));

/** Returns a condition as text, which `parsePropertyCondition` reads. */
export function renderPropertyCondition({ property, op, value }: PropertyCondition): string {
  return renderPropertyFilter({ name: property, value: op === 'exists' ? op : `${op}:${value}` });
}
