import { type TObject, type TSchema, type TSchemaOptions, Type } from 'typebox';

/** Returns the schema of an object with only these members: a misspelled name is rejected, not ignored. */
export function closedObject<P extends Record<string, TSchema>>(properties: P): TObject<P> {
  return Type.Object(properties, { additionalProperties: false });
}

/** Returns the schema of a value that may be null; `options` are more keywords, such as `description`. */
export function nullable<T extends TSchema>(schema: T, options: TSchemaOptions = {}) {
  return Type.Union([schema, Type.Null()], options);
}

/** A text that is compared with texts in the control database: PostgreSQL refuses to compare with U+0000. */
export const WITHOUT_NUL = { pattern: '^[^\\u0000]*$' } as const;

/** The schema keyword with the name of an OpenAPI component. Validation ignores it. */
export const COMPONENT = 'x-component';

/** The schema keyword with the schema that OpenAPI shows instead. Validation ignores it. */
export const DOCUMENTED_AS = 'x-documented-as';

/**
 * Returns the schema, named: OpenAPI lists it once under `components.schemas`, and all its uses refer to it. `details` are
 * more keywords, such as `description` and `examples`.
 */
export function component<T extends TSchema>(name: string, schema: T, details: object = {}): T {
  return Object.assign(schema, { [COMPONENT]: name, ...details });
}

/** Returns the schema; OpenAPI shows `documented` instead, which says more about the values that are accepted. */
export function documentedAs<T extends TSchema>(schema: T, documented: TSchema): T {
  return Object.assign(schema, { [DOCUMENTED_AS]: documented });
}
