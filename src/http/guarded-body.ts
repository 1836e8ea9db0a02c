import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';

/** The body of a streamed answer, and what ends it before its end. */
export type GuardedBody = { body: Readable; stop: (why: unknown) => void };

/** What a body sends: chunks, each only while `isAllowed`, which stops the body if it is not. */
export type Guarded = {
  chunks: AsyncIterable<string>;
  isAllowed: () => boolean;
  response: ServerResponse;
};
