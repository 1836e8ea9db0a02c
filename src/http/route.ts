import type { IncomingHttpHeaders } from 'node:http';
import { type Static, type TObject, type TSchema, Type } from 'typebox';
import type { App } from '../apps/app.ts';
import type { Actor } from '../keys/actor.ts';
import type { Intent } from '../keys/intent.ts';
import type { ApiKey, KeySecret } from '../keys/key.ts';
import type { Scope } from '../keys/scopes.ts';
import type { Category } from '../limits/policies.ts';
import type { Project } from '../projects/project.ts';
import type { Services } from '../services.ts';

/** What a route asks for: a scope, any key at all, or nothing. There is no default: leaving it out does not compile. */
export type Access = Scope | 'any_key' | 'public';

/** Who is calling: a verified key, which of its secrets was shown, its project; `actor` is how the audit log names it. */
export type Caller = { key: ApiKey; secret: KeySecret; project: Project; address: string; actor: Actor };

/** Which web pages may read the answer: any (write-only keys), those a key names, or none. */
export type CorsRule = 'any_origin' | 'key_origins' | 'none';

type CallerOf<A extends Access> = A extends 'public' ? undefined : Caller;

/** The request as it came, for a public route that must judge it itself, by a signature over the very bytes. */
export type RawRequest = {
  /** Where it came from, resolved through the trusted proxies. */
  address: string;
  headers: IncomingHttpHeaders;
  requestId: string;
  /** Reads the body, neither decompressed nor parsed. Throws 413 beyond `bytesMax`. */
  readBody: (bytesMax: number) => Promise<Buffer>;
};

type RawOf<A extends Access> = A extends 'public' ? RawRequest : undefined;

/** What a handler gets: plain values, already validated against the route's schemas. */
export type Input<A extends Access, P extends TObject, Q extends TObject, B extends TSchema> = {
  caller: CallerOf<A>;
  raw: RawOf<A>;
  params: Static<P>;
  query: Static<Q>;
  body: Static<B>;
  /** The app the request is about, when the route has an `app` rule and one was named or is the only one. */
  app: App | undefined;
  signal: AbortSignal;
  /** The `If-Match` header, when the route heeds it. */
  ifMatch: string | undefined;
  /** What `Idempotency-Key` says is wanted once, when the route heeds it. */
  intent: Intent | undefined;
};

/** A header that some routes heed. Listed on the route, so that OpenAPI tells of it. */
export type RequestHeader = 'If-Match' | 'Idempotency-Key';

/** An answer too long to hold: text in a form of its own, page after page. */
export type Export = {
  contentType: ExportType;
  chunks: AsyncIterable<string>;
  /** Asked twice a second while the export runs: false ends it, because its caller may not read on. */
  isAllowed: () => boolean;
};

export type ExportType = 'application/x-ndjson' | 'text/csv; charset=utf-8';

/** Returns the export as what a handler may answer in place of its schema; the server streams it. */
export function exportAs(
  contentType: ExportType,
  chunks: AsyncIterable<string>,
  isAllowed: () => boolean,
): Export {
  const made = { contentType, chunks, isAllowed };
  exports.add(made);
  return made;
}

// Known by identity: no answer of another route can be taken for one by its looks.
const exports = new WeakSet<object>();

/** Whether an answer is an export, made by `exportAs`. */
export function isExport(answer: unknown): answer is Export {
  return typeof answer === 'object' && answer !== null && exports.has(answer);
}

type Empty = TObject<Record<never, TSchema>>;

/** One endpoint as data. The server, OpenAPI, the docs and the refusal tests are all made from these. */
export type RouteDeclaration<
  A extends Access,
  P extends TObject,
  Q extends TObject,
  B extends TSchema,
  R extends TSchema,
> = {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With `{name}` for parameters, as OpenAPI writes it. */
  path: string;
  summary: string;
  access: A;
  /** The rate-limit category. Public routes have none to charge and leave it out of the count. */
  limit: Category;
  params?: P;
  query?: Q;
  body?: B;
  /** A request without a body means `{}`. */
  isBodyOptional?: boolean;
  bodyBytesMax?: number;
  requestHeaders?: readonly RequestHeader[];
  answer: {
    status: 200 | 201 | 202;
    schema: R;
    /** The handler may return undefined: then the answer is 204, without a body. */
    mayBeEmpty?: boolean;
    /** Headers that follow from the answer, e.g. its `ETag`. */
    headersOf?(answer: Static<R>): Record<string, string>;
    contentType?: 'application/json' | 'text/markdown; charset=utf-8';
    /** Other forms that a `format` parameter asks for. */
    exports?: readonly ExportType[];
  };
  cors?: CorsRule;
  /** Where `app_id` is read from, and whether the request makes sense without an app. */
  app?: { from: 'query' | 'body'; required: boolean | ((body: Static<B>) => boolean) };
  /** How many events the request carries; only the events category counts them. */
  eventCount?: (body: Static<B>) => number;
  /** A request that passes validation; OpenAPI shows it and the route table test sends it. */
  example?: { params?: Static<P>; query?: Static<Q>; body?: Static<B> };
  handle: (services: Services, input: Input<A, P, Q, B>) => Promise<Static<R> | Export> | Static<R> | Export;
};

/** A declaration whose types have been checked and forgotten, so that routes of all shapes form one list. */
export type Route = Required<
  Pick<
    RouteDeclaration<Access, TObject, TObject, TSchema, TSchema>,
    | 'method'
    | 'path'
    | 'summary'
    | 'access'
    | 'limit'
    | 'answer'
    | 'params'
    | 'query'
    | 'cors'
    | 'bodyBytesMax'
    | 'isBodyOptional'
    | 'requestHeaders'
    | 'example'
  >
> & {
  body: TSchema | undefined;
  app: { from: 'query' | 'body'; isRequired: (body: unknown) => boolean } | undefined;
  eventCount: (body: unknown) => number;
  handle: (services: Services, input: Input<Access, TObject, TObject, TSchema>) => Promise<unknown> | unknown;
};

const isRequired = <T>(rule: boolean | ((body: T) => boolean), body: T) =>
  typeof rule === 'function' ? rule(body) : rule;

const BODY_BYTES_MAX = 64 * 1024;

/** Returns the route that a declaration describes; the compiler holds handler and schemas together. */
export function defineRoute<
  const A extends Access,
  R extends TSchema,
  P extends TObject = Empty,
  Q extends TObject = Empty,
  B extends TSchema = TSchema,
>(declaration: RouteDeclaration<A, P, Q, B, R>): Route {
  const { app, eventCount, handle } = declaration;
  return {
    params: closedObject({}),
    query: closedObject({}),
    cors: 'none',
    bodyBytesMax: BODY_BYTES_MAX,
    isBodyOptional: false,
    requestHeaders: [],
    example: {},
    ...declaration,
    body: declaration.body,
    app: app && { from: app.from, isRequired: (body) => isRequired(app.required, body as Static<B>) },
    // The one place where types are forgotten: the pipeline has validated what it passes against these very schemas.
    eventCount: eventCount ? (body) => eventCount(body as Static<B>) : () => 0,
    handle: (services, input) => handle(services, input as Input<A, P, Q, B>),
  };
}

/** Returns the schema of an object that takes these members and no others: a misspelt name is told, not ignored. */
export function closedObject<P extends Record<string, TSchema>>(properties: P): TObject<P> {
  return Type.Object(properties, { additionalProperties: false });
}

/** Returns the schema of a value that may be null. */
export function nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}
