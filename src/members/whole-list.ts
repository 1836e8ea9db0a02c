import { type TSchema, Type } from 'typebox';
import { closedObject } from '../lib/schema.ts';

/** Returns the schema of a list that is told whole: people are few, so there is no second page. */
export const wholeListOf = <T extends TSchema>(item: T) =>
  closedObject({ data: Type.Array(item), next_cursor: Type.Null() });

/** Returns the items as the answer of such a list. */
export const wholeList = <T>(data: T[]) => ({ data, next_cursor: null });
