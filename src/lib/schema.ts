import { type TObject, type TSchema, Type } from 'typebox';

/** Returns the schema of an object with only these members: a misspelled name is rejected, not ignored. */
export function closedObject<P extends Record<string, TSchema>>(properties: P): TObject<P> {
  return Type.Object(properties, { additionalProperties: false });
}

/** Returns the schema of a value that may be null. */
export function nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}
