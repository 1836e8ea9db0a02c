import { type Static, type TObject, type TSchema, Type } from 'typebox';
import type { App } from '../directory/app.ts';
import type { Scope } from '../directory/scopes.ts';
import { closedObject } from '../lib/schema.ts';
import type { Category } from '../limits/policies.ts';
import type { KeyCaller, MemberCaller, SignedIn } from './caller.ts';
import type { Dialect, SentToDialect } from './dialect.ts';
import type { ErrorCode } from './error-codes.ts';
import type { BrowserRequest, RawRequest } from './raw-request.ts';
import type { EVENT_STREAM, ExportType, Streamed } from './streamed.ts';

/**
 * What a route requires: a scope, any key, or nothing (`public`); in the dashboard also any session (`signed_in`), or only
 * that the request comes from its own pages (`anonymous`). There is no default: leaving it out does not compile.
 */
export type Access = Scope | 'any_key' | 'public' | 'signed_in' | 'anonymous';

/** Which web pages may read the answer: any (write-only keys), those that the key allows, or none. */
export type CorsRule = 'any_origin' | 'key_origins' | 'none';

type CallerOf<A extends Access> = A extends 'public'
  ? undefined
  : A extends 'anonymous'
    ? SignedIn | undefined
    : A extends 'signed_in'
      ? SignedIn
      : A extends 'any_key'
        ? KeyCaller
        : A extends 'members:read' | 'members:write'
          ? MemberCaller
          : KeyCaller | MemberCaller;

type RawOf<A extends Access> = A extends 'public'
  ? RawRequest
  : A extends 'anonymous' | 'signed_in'
    ? BrowserRequest
    : undefined;

/** What a handler gets: plain values, already validated against the route's schemas. */
export type Input<A extends Access, P extends TObject, Q extends TObject, B extends TSchema> = {
  caller: CallerOf<A>;
  raw: RawOf<A>;
  params: Static<P>;
  query: Static<Q>;
  body: Static<B>;
  /** The app of the request, if the route has an `app` rule: the one with its `app_id`, or the project's only one. */
  app: App | undefined;
  signal: AbortSignal;
  /** The `If-Match` header, if the route accepts it. */
  ifMatch: string | undefined;
  /** ISO 3166 code of the country that a trusted proxy names, see `APPFLOW_COUNTRY_HEADER`. */
  country: string | undefined;
  /** The `Last-Event-ID` header: the message after which a stream continues. */
  lastEventId: string | undefined;
  /** The `Idempotency-Key` header, parsed, if the route accepts it. */
  idempotencyKey: IdempotencyKey | undefined;
  /** For routes of a dialect: what its SDK sent besides path, query and body. */
  sent: SentToDialect | undefined;
};

/** Another method or path with the same meaning, which OpenAPI leaves out. */
export type Alias = { method: Method | 'PUT'; path: string };

/** A header that some routes accept. Listed on the route, so that OpenAPI describes it. */
export type RequestHeader =
  | 'If-Match'
  | 'Idempotency-Key'
  | 'Last-Event-ID'
  | 'Github-Public-Key-Identifier'
  | 'Github-Public-Key-Signature';

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

type Empty = TObject<Record<never, TSchema>>;

/**
 * One endpoint as data. The server, OpenAPI, the docs and the refusal tests are all generated from these. `S` is the
 * services its handler needs, inferred from the annotation of the handler's first parameter.
 */
export type RouteDeclaration<
  S,
  A extends Access,
  P extends TObject,
  Q extends TObject,
  B extends TSchema,
  R extends TSchema,
  M extends Method = Method,
  Path extends string = string,
> = {
  method: M;
  /** With `{name}` for parameters, as in OpenAPI. */
  path: Path;
  /** The name of the method in a generated client. Required for routes in OpenAPI; the dashboard's own have none. */
  operationId?: string;
  /** What it does in at most 60 characters, without a period. */
  summary: string;
  /** Everything else a caller should know, in Markdown. */
  description?: string;
  access: A;
  /** The rate-limit category. Public routes are not charged. */
  limit: Category;
  /** Whether a busy server answers it all the same: for what takes access away. */
  isNeverShed?: boolean;
  params?: P;
  query?: Q;
  body?: B;
  /** The body of a route that reads it itself, for OpenAPI only. */
  rawBody?: TSchema;
  /** The errors that only its handler throws. OpenAPI adds those of the pipeline. */
  errors?: readonly ErrorCode[];
  /** A request without a body means `{}`. */
  isBodyOptional?: boolean;
  bodyBytesMax?: number;
  /** For requests of another vendor's SDK: where they have their key, and how they are refused. */
  dialect?: Dialect;
  aliases?: readonly Alias[];
  requestHeaders?: readonly RequestHeader[];
  answer: {
    status: 200 | 201 | 202;
    /** What OpenAPI says about it; default "Success". */
    description?: string;
    schema: R;
    /** Which answers mean that the work goes on: their status is 202. */
    pending?: { isPending(answer: Static<R>): boolean; description: string };
    /** The handler may return undefined: then the answer is 204, without a body. */
    mayBeEmpty?: boolean;
    /** Whether it contains the whole API key that the request created. In every other answer, keys become their hints. */
    revealsKey?: true;
    /** The handler always returns the same: it is checked and serialized once, and all requests share the bytes. */
    isConstant?: boolean;
    /** Returns headers derived from the answer, such as its `ETag`. */
    headersOf?(answer: Static<R>): Record<string, string>;
    contentType?: 'application/json' | 'text/javascript; charset=utf-8' | typeof EVENT_STREAM;
    /** The handler always streams one of these formats, selected by the `format` parameter. */
    exports?: readonly ExportType[];
  };
  cors?: CorsRule;
  /** Whether a member must have stepped up in the last 10 minutes. Does not apply to keys, which have no password. */
  stepUp?: StepUpRule<S, P, Q, B>;
  /** The path parameter with a member's ID: members may call the route about themselves without the scope. */
  selfParam?: keyof Static<P> & string;
  /** Where `app_id` is read from, whether the request needs an app, and whether it accepts `ALL_APPS` instead of one. */
  app?: {
    from: 'query' | 'body';
    required: boolean | ((body: Static<B>) => boolean);
    acceptsAll?: boolean;
  };
  /** Returns the number of events in the request; only the events category counts them. */
  eventCount?: (body: Static<B>) => number;
  /** A request that passes validation; OpenAPI shows it and the route table test sends it. */
  example?: { params?: Static<P>; query?: Static<Q>; body?: Static<B> };
  handle: (services: S, input: Input<A, P, Q, B>) => Promise<AnswerOf<A, R>> | AnswerOf<A, R>;
};

/** Only routes that require a permission in a project may stream: the stream ends when its caller loses that permission. */
type AnswerOf<A extends Access, R extends TSchema> =
  | Static<R>
  | (A extends 'public' | 'anonymous' | 'signed_in' ? never : Streamed);

type StepUpRule<S, P extends TObject, Q extends TObject, B extends TSchema> =
  | true
  | ((input: StepUpInput<Static<P>, Static<Q>, Static<B>>, services: S) => boolean);

type StepUpInput<P, Q, B> = { params: P; query: Q; body: B; projectId: string | undefined };

/**
 * A declaration with its types checked and erased, so that all routes form one list. Only `S`, the services its handler
 * needs, is kept: a server that lacks one does not accept the route. `Route` alone is any route, for reading.
 */
export type Route<S = never> = Required<
  Pick<
    RouteDeclaration<never, Access, TObject, TObject, TSchema, TSchema>,
    | 'method'
    | 'path'
    | 'summary'
    | 'access'
    | 'limit'
    | 'isNeverShed'
    | 'answer'
    | 'params'
    | 'query'
    | 'cors'
    | 'bodyBytesMax'
    | 'isBodyOptional'
    | 'requestHeaders'
    | 'example'
    | 'errors'
    | 'aliases'
  >
> & {
  operationId: string | undefined;
  description: string | undefined;
  rawBody: TSchema | undefined;
  body: TSchema | undefined;
  selfParam: string | undefined;
  dialect: Dialect | undefined;
  /** The credential it takes: an API key (of a dialect, where its SDK sends it), or under /app/v1 a session. */
  authentication: 'key' | 'dialect' | 'session';
  needsStepUp: (input: StepUpInput<unknown, unknown, unknown>, services: S) => boolean;
  app: { from: 'query' | 'body'; isRequired: (body: unknown) => boolean; acceptsAll: boolean } | undefined;
  eventCount: (body: unknown) => number;
  handle: (services: S, input: Input<Access, TObject, TObject, TSchema>) => Promise<unknown> | unknown;
};

/**
 * The types of a declaration, for the dashboard's requests. Types only: `types` is never set. `body` is `TSchema` if the
 * route has none.
 */
type Typed<
  M extends Method,
  Path extends string,
  P extends TObject,
  Q extends TObject,
  B,
  R extends TSchema,
> = {
  readonly types?: { method: M; path: Path; params: P; query: Q; body: B; answer: R };
};

const isRequired = <T>(rule: boolean | ((body: T) => boolean), body: T) =>
  typeof rule === 'function' ? rule(body) : rule;

const BODY_BYTES_MAX = 64 * 1024;

function findAuthentication({ path, dialect }: { path: string; dialect?: Dialect }): Route['authentication'] {
  if (dialect) return 'dialect';
  return path.startsWith('/app/v1/') ? 'session' : 'key';
}

/** Returns every method and path that a route is served at, its own first. */
export function listPlaces({ method, path, aliases }: Pick<Route, 'method' | 'path' | 'aliases'>): Alias[] {
  return [{ method, path }, ...aliases];
}

/** Returns the route of a declaration; the compiler checks the handler against the schemas. */
export function defineRoute<
  S,
  const A extends Access,
  R extends TSchema,
  P extends TObject = Empty,
  Q extends TObject = Empty,
  B extends TSchema = TSchema,
  const M extends Method = Method,
  const Path extends string = string,
>(declaration: RouteDeclaration<S, A, P, Q, B, R, M, Path>): Route<S> & Typed<M, Path, P, Q, B, R> {
  const { app, eventCount, stepUp = () => false, handle } = declaration;
  return {
    params: closedObject({}),
    query: closedObject({}),
    cors: 'none',
    bodyBytesMax: BODY_BYTES_MAX,
    isBodyOptional: false,
    isNeverShed: false,
    requestHeaders: [],
    example: {},
    errors: [],
    aliases: [],
    ...declaration,
    operationId: declaration.operationId,
    description: declaration.description,
    rawBody: declaration.rawBody,
    body: declaration.body,
    selfParam: declaration.selfParam,
    dialect: declaration.dialect,
    authentication: findAuthentication(declaration),
    needsStepUp: (input, services) =>
      stepUp === true || stepUp(input as StepUpInput<Static<P>, Static<Q>, Static<B>>, services),
    app: app && {
      from: app.from,
      isRequired: (body) => isRequired(app.required, body as Static<B>),
      acceptsAll: app.acceptsAll ?? false,
    },
    // The one place that erases types: the pipeline has validated what it passes against these very schemas.
    eventCount: eventCount ? (body) => eventCount(body as Static<B>) : () => 0,
    handle: (services, input) => handle(services, input as Input<A, P, Q, B>),
  };
}

/** Identifies a request that is done only once, by its `Idempotency-Key` header. Contains neither credential nor header. */
export type IdempotencyKey = {
  /** The same for the same caller, method, path and header. */
  id: string;
  /** The same for the same body, in any order of its members. */
  bodyHash: string;
  /** Encrypts and decrypts the answer: only the same caller with the same header can read it again. */
  sealKey: Buffer;
};

/** The answer for verbs without a result: 204, without a body. The handler returns what its verb returns. */
export const NO_CONTENT = {
  status: 200,
  schema: Type.Unsafe<void>(Type.Null()),
  mayBeEmpty: true,
} as const;
