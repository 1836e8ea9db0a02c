import type { IncomingHttpHeaders } from 'node:http';
import type { Transaction } from 'kysely';
import type { Static, TObject, TSchema } from 'typebox';
import type { ControlSchema } from '../control/schema.ts';
import type { App } from '../directory/app.ts';
import type { ApiKey, KeySecret } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import type { KeyType, Scope } from '../directory/scopes.ts';
import type { Actor } from '../keys/actor.ts';
import type { Intent } from '../keys/intent.ts';
import type { Reach } from '../keys/within.ts';
import { closedObject } from '../lib/schema.ts';
import type { Category } from '../limits/policies.ts';
import type { Session } from '../members/person.ts';
import type { ErrorCode } from './errors.ts';

/**
 * What a route asks for: a scope, any key at all, or nothing; in the dashboard also a session of anyone's, or only that
 * the request comes from its own pages (`visitor`). There is no default: leaving it out does not compile.
 */
export type Access = Scope | 'any_key' | 'public' | 'signed_in' | 'visitor';

/** What the verbs ask about whoever calls, the same of a key and of a member of the project. */
export type Principal = Omit<Reach, 'type'> & { id: string; projectId: string; type: KeyType | 'member' };

type From = {
  address: string;
  /** What limits per address count by; undefined when they must not, see `CallerAddress`. */
  network: string | undefined;
  /** How the audit log names who is calling. */
  actor: Actor;
};

/** Who is calling, in which project: a key or a member. */
export type Caller = From & { principal: Principal; project: Project };

/** A caller that can change between two reads of the database. */
type Rereadable = {
  /**
   * Returns what the caller may do as the transaction sees it. Throws the 401 or 403 that it would now get, or 404 for a
   * person who is no longer a member.
   */
  readAgain: (tx: Transaction<ControlSchema>) => Promise<Principal>;
};

/** A verified key, and which of its secrets was shown. */
export type KeyCaller = Caller & Rereadable & { key: ApiKey; secret: KeySecret };

/** A person with a living session, in no project. `siteUrl` is where its browser finds us, without a slash at the end. */
export type SignedIn = From & { session: Session; siteUrl: string };

/** A person with a living session, as a member of the project. */
export type MemberCaller = Caller & Rereadable & SignedIn;

/** Which web pages may read the answer: any (write-only keys), those a key names, or none. */
export type CorsRule = 'any_origin' | 'key_origins' | 'none';

type CallerOf<A extends Access> = A extends 'public'
  ? undefined
  : A extends 'visitor'
    ? SignedIn | undefined
    : A extends 'signed_in'
      ? SignedIn
      : A extends 'any_key'
        ? KeyCaller
        : A extends 'members:read' | 'members:write'
          ? MemberCaller
          : KeyCaller | MemberCaller;

/** The request as it came, for a public route that must judge it itself, by a signature over the very bytes. */
export type RawRequest = {
  /** Where it came from, resolved through the trusted proxies. */
  address: string;
  /** What limits per address count by; undefined when they must not, see `CallerAddress`. */
  network: string | undefined;
  headers: IncomingHttpHeaders;
  requestId: string;
  /** Reads the body, neither decompressed nor parsed. Throws 413 beyond `bytesMax`. */
  readBody: (bytesMax: number) => Promise<Buffer>;
};

/** A request of a page of ours, for the routes that sign people in and out. */
export type Visit = Omit<RawRequest, 'readBody'> & {
  /** Whether its cookies travel encrypted. */
  isSecure: boolean;
  /** Whether people may sign in over this connection. */
  allowsSignIn: boolean;
  /** Adds a `Set-Cookie` to the answer. */
  setCookie: (cookie: string) => void;
};

type RawOf<A extends Access> = A extends 'public'
  ? RawRequest
  : A extends 'visitor' | 'signed_in'
    ? Visit
    : undefined;

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
  /** The `Last-Event-ID` header: after which message a stream goes on. */
  lastEventId: string | undefined;
  /** What `Idempotency-Key` says is wanted once, when the route heeds it. */
  intent: Intent | undefined;
};

/** A header that some routes heed. Listed on the route, so that OpenAPI tells of it. */
export type RequestHeader = 'If-Match' | 'Idempotency-Key' | 'Last-Event-ID';

/** An answer too long to hold: text in a form of its own, sent as it comes, ended when its caller may not read on. */
export type Streamed = {
  contentType: ExportType | typeof EVENT_STREAM;
  chunks: AsyncIterable<string>;
  /** The apps it tells of; null when it tells of the whole project. */
  appIds: readonly string[] | null;
  /** Ends it with a last word that says why. Absent: it is torn off, as half an export must never look whole. */
  end?: (code: ErrorCode) => void;
};

/** The forms of an export by their names. */
export const EXPORT_TYPES = { ndjson: 'application/x-ndjson', csv: 'text/csv; charset=utf-8' } as const;

export type ExportType = (typeof EXPORT_TYPES)[keyof typeof EXPORT_TYPES];

/** The form of an answer that goes on as long as there is something to tell (HTML, "Server-sent events"). */
export const EVENT_STREAM = 'text/event-stream';

/** Returns an export as what a handler may answer in place of its schema; the server streams it. */
export function exportAs(
  contentType: ExportType,
  chunks: AsyncIterable<string>,
  appIds: Streamed['appIds'],
): Streamed {
  return known({ contentType, chunks, appIds });
}

/** Returns an open stream as what the handler of an EVENT_STREAM route answers; its schema is that of a message's data. */
export function streamAs(stream: Required<Omit<Streamed, 'contentType'>>): Streamed {
  return known({ contentType: EVENT_STREAM, ...stream });
}

// Known by identity: no answer of another route can be taken for one by its looks.
const streamed = new WeakSet<object>();

function known(made: Streamed): Streamed {
  streamed.add(made);
  return made;
}

/** Whether an answer is streamed: made by `exportAs` or `streamAs`. */
export function isStreamed(answer: unknown): answer is Streamed {
  return typeof answer === 'object' && answer !== null && streamed.has(answer);
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

type Empty = TObject<Record<never, TSchema>>;

/**
 * One endpoint as data. The server, OpenAPI, the docs and the refusal tests are all made from these. `S` is what its
 * handler needs of a server, read from the annotation of the handler's first parameter.
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
  /** With `{name}` for parameters, as OpenAPI writes it. */
  path: Path;
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
    contentType?: 'application/json' | 'text/markdown; charset=utf-8' | typeof EVENT_STREAM;
    /** Other forms that a `format` parameter asks for. */
    exports?: readonly ExportType[];
  };
  cors?: CorsRule;
  /** Whether a member must have given the password in the last 10 minutes. Keys have none, so it does not bind them. */
  stepUp?: StepUpRule<S, P, Q, B>;
  /** The path parameter that names a member: to oneself every member may do it, without the scope. */
  selfParam?: keyof Static<P> & string;
  /** Where `app_id` is read from, and whether the request makes sense without an app. */
  app?: { from: 'query' | 'body'; required: boolean | ((body: Static<B>) => boolean) };
  /** How many events the request carries; only the events category counts them. */
  eventCount?: (body: Static<B>) => number;
  /** A request that passes validation; OpenAPI shows it and the route table test sends it. */
  example?: { params?: Static<P>; query?: Static<Q>; body?: Static<B> };
  handle: (services: S, input: Input<A, P, Q, B>) => Promise<AnswerOf<A, R>> | AnswerOf<A, R>;
};

/** Only what asks for something in a project may stream: a stream ends when its caller loses the right it was let in for. */
type AnswerOf<A extends Access, R extends TSchema> =
  | Static<R>
  | (A extends 'public' | 'visitor' | 'signed_in' ? never : Streamed);

type StepUpRule<S, P extends TObject, Q extends TObject, B extends TSchema> =
  | true
  | ((input: StepUpInput<Static<P>, Static<Q>, Static<B>>, services: S) => boolean);

type StepUpInput<P, Q, B> = { params: P; query: Q; body: B; projectId: string | undefined };

/**
 * A declaration whose types have been checked and forgotten, so that routes of all shapes form one list. Only `S`, what
 * the handler needs, is kept: a server that lacks a service does not take the route. `Route` alone is any route, to read.
 */
export type Route<S = never> = Required<
  Pick<
    RouteDeclaration<never, Access, TObject, TObject, TSchema, TSchema>,
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
  selfParam: string | undefined;
  /** Whose credential it takes: an API key, or under /app/v1 a session. */
  door: 'api' | 'app';
  needsStepUp: (input: StepUpInput<unknown, unknown, unknown>, services: S) => boolean;
  app: { from: 'query' | 'body'; isRequired: (body: unknown) => boolean } | undefined;
  eventCount: (body: unknown) => number;
  handle: (services: S, input: Input<Access, TObject, TObject, TSchema>) => Promise<unknown> | unknown;
};

/**
 * The types of a declaration, for the dashboard's requests. Types only: `types` is never set. `body` is `TSchema` for a
 * route without one.
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

/** Returns the route that a declaration describes; the compiler holds handler and schemas together. */
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
    requestHeaders: [],
    example: {},
    ...declaration,
    body: declaration.body,
    selfParam: declaration.selfParam,
    door: declaration.path.startsWith('/app/v1/') ? 'app' : 'api',
    needsStepUp: (input, services) =>
      stepUp === true || stepUp(input as StepUpInput<Static<P>, Static<Q>, Static<B>>, services),
    app: app && { from: app.from, isRequired: (body) => isRequired(app.required, body as Static<B>) },
    // The one place where types are forgotten: the pipeline has validated what it passes against these very schemas.
    eventCount: eventCount ? (body) => eventCount(body as Static<B>) : () => 0,
    handle: (services, input) => handle(services, input as Input<A, P, Q, B>),
  };
}
