import { type TSchemaOptions, Type } from 'typebox';
import { documentedAs } from '../../lib/schema.ts';

// A member of the wrong type must not cost a whole batch: the event that it makes invalid is rejected on its own.

type Described = TSchemaOptions & { description: string };

/** Returns a member that is documented as a text and may be anything. */
export const lenientText = (description: string) =>
  Type.Optional(documentedAs(Type.Unknown(), Type.String({ description })));

/** Returns a member that is documented as an object and may be anything. */
export const lenientObject = (description: string) =>
  Type.Optional(
    documentedAs(
      Type.Unknown(),
      Type.Object({}, { additionalProperties: true, description } satisfies Described),
    ),
  );
