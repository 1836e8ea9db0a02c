import { Type } from 'typebox';

/** The answer of what has nothing to tell: 204, without a body. Its handler returns what its verb returns. */
export const NOTHING = {
  status: 200,
  schema: Type.Unsafe<void>(Type.Null()),
  mayBeEmpty: true,
} as const;
