import { Type } from 'typebox';

/** The answer of what has nothing to tell: 204, without a body. */
export const NOTHING = {
  status: 200,
  schema: Type.Unsafe<undefined>(Type.Null()),
  mayBeEmpty: true,
} as const;
