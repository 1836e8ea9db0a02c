import { COMPONENT, DOCUMENTED_AS } from '../../lib/schema.ts';

/** The schemas under `components.schemas`, by name. */
export type Components = Map<string, object>;

const ANY_NAME = '^.*$';

/**
 * Returns the schema in the form that client generators understand best, and adds the components it contains. The schema
 * library leaves out the type of an enum, and describes an object with arbitrary names by a pattern that matches every name.
 */
export function toOpenApiSchema(schema: object, components: Components): object {
  // From the inside out: what a schema contains is converted before it.
  return JSON.parse(JSON.stringify(schema), (_name, value) =>
    isObject(value) ? convert(value, components) : value,
  );
}

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function convert(schema: Json, components: Components): unknown {
  if (isObject(schema[DOCUMENTED_AS])) return schema[DOCUMENTED_AS];
  const { [COMPONENT]: name, patternProperties, ...rest } = schema;
  const named = isObject(patternProperties) ? patternProperties[ANY_NAME] : undefined;
  if (patternProperties !== undefined) {
    Object.assign(rest, named === undefined ? { patternProperties } : { additionalProperties: named });
  }
  const converted = foldNull(withType(rest));
  return typeof name === 'string' ? register(name, converted, components) : converted;
}

function withType(schema: Json): Json {
  if ('type' in schema) return schema;
  if (Array.isArray(schema.enum)) return { type: 'string', ...schema };
  return typeof schema.const === 'string' ? { type: 'string', ...schema } : schema;
}

/** Writes "this or null" as JSON Schema allows it for plain types and unions, which readers understand at a glance. */
function foldNull(schema: Json): Json {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf) || anyOf.length !== 2 || anyOf[1]?.type !== 'null') return schema;
  const [{ anyOf: union, ...value }] = anyOf;
  if (Array.isArray(union)) return { anyOf: [...union, anyOf[1]], ...value, ...rest };
  const isPlain = typeof value.type === 'string' && !('enum' in value) && !('const' in value);
  return isPlain ? { ...value, ...rest, type: [value.type, 'null'] } : schema;
}

function register(name: string, schema: Json, components: Components): Json {
  const known = components.get(name);
  if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema)) {
    throw new Error(`Two different schemas are named ${name}.`);
  }
  components.set(name, schema);
  return { $ref: `#/components/schemas/${name}` };
}
