import { escapeHtml } from '../html.ts';
import { renderInline } from '../markdown.ts';
import type { Parameter, Schema } from './openapi.ts';

/** The named schemas of the document. */
type Schemas = Readonly<Record<string, Schema>>;

/** Objects inside objects are shown to this depth: deeper ones are named. */
const DEPTH_MAX = 4;

/** Returns the parameters of a place as a list of fields; empty if there are none. */
export function renderParameters(parameters: readonly Parameter[], schemas: Schemas): string {
  const items = parameters.map(({ name, required, description, schema }) =>
    renderField(
      { name, isRequired: required, schema: { ...schema, ...(description && { description }) } },
      schemas,
      1,
    ),
  );
  return items.length === 0 ? '' : `<ul class="fields">${items.join('')}</ul>`;
}

/** Returns the members of an object as a list of fields, with the objects inside; empty if it has none. */
export function renderMembers(schema: Schema | undefined, schemas: Schemas, depth = 0): string {
  const { properties = {}, required = [] } = toObject(schema ?? {}, schemas);
  const items = Object.entries(properties).map(([name, property]) =>
    renderField({ name, isRequired: required.includes(name), schema: property }, schemas, depth + 1),
  );
  return items.length === 0 ? '' : `<ul class="fields">${items.join('')}</ul>`;
}

type Field = { name: string; isRequired: boolean; schema: Schema };

function renderField({ name, isRequired, schema }: Field, schemas: Schemas, depth: number): string {
  const need = isRequired ? '<span class="required">required</span>' : '';
  const text = findDescription(schema, schemas);
  const inner = depth < DEPTH_MAX ? renderMembers(schema, schemas, depth) : '';
  const nested =
    inner === ''
      ? ''
      : `<details><summary>Fields of <code>${escapeHtml(name)}</code></summary>${inner}</details>`;
  const head = `<code>${escapeHtml(name)}</code> <span class="type">${describeType(schema, schemas)}</span> ${need}`;
  return `<li><div>${head}</div>${text === '' ? '' : `<p>${renderInline(text)}</p>`}${nested}</li>`;
}

const follow = (schema: Schema, schemas: Schemas): Schema =>
  schema.$ref === undefined ? schema : { ...schemas[nameOf(schema.$ref)], ...schema };

const nameOf = (ref: string) => ref.split('/').at(-1) ?? '';

/** Returns the object that a schema is, may be, or is a list of. */
function toObject(schema: Schema, schemas: Schemas): Schema {
  const { items, anyOf, additionalProperties, ...own } = follow(schema, schemas);
  if (own.properties) return own;
  if (items) return toObject(items, schemas);
  const objects = (anyOf ?? []).map((one) => toObject(one, schemas)).filter(({ properties }) => properties);
  if (objects[0]) return objects[0];
  return typeof additionalProperties === 'object' ? toObject(additionalProperties, schemas) : {};
}

function findDescription(schema: Schema, schemas: Schemas): string {
  const { description, anyOf = [] } = schema;
  if (description !== undefined) return description;
  const found = anyOf.map((one) => findDescription(one, schemas)).find((text) => text !== '');
  return found ?? follow(schema, schemas).description ?? '';
}

function describeType(schema: Schema, schemas: Schemas): string {
  const { anyOf, items, enum: values, const: value, type, ...rest } = follow(schema, schemas);
  if (anyOf) return [...new Set(anyOf.map((one) => describeType(one, schemas)))].join(' or ');
  if (items) return `list of ${describeType(items, schemas)}`;
  if (values) return values.map((one) => `<code>${escapeHtml(String(one))}</code>`).join(' ');
  if (value !== undefined) return `<code>${escapeHtml(String(value))}</code>`;
  const names = [type ?? 'any'].flat().map((name) => (name !== 'null' ? (rest.format ?? name) : name));
  return escapeHtml(names.join(' or ') + describeRange(rest));
}

function describeRange({ minimum, maximum, maxLength }: Schema): string {
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} to ${maximum}`;
  return maxLength === undefined ? '' : `, at most ${maxLength} characters`;
}
