// biome-ignore lint/correctness/noUndeclaredDependencies: types only; typebox belongs to the server.
import type { Static, TSchema } from 'typebox';
import type { ApiEndpoint, DashboardEndpoint } from '../../../src/routes.ts';

type Endpoint = ApiEndpoint | DashboardEndpoint;

/** `/v1/…` as the dashboard calls it: under the project, with a session instead of an API key. */
type ProjectPath<Path extends string> = Path extends `/v1${infer Rest}`
  ? `/app/v1/projects/{project_id}${Rest}`
  : never;

/** What is sent is only read: arrays and objects may be readonly. */
type Sent<T> = T extends readonly (infer Item)[]
  ? readonly Sent<Item>[]
  : T extends object
    ? { readonly [Name in keyof T]: Sent<T[Name]> }
    : T;

/** Undefined query values are left out of the URL, so they may be given. */
type SentQuery<T> = { readonly [Name in keyof T]: Sent<T[Name]> | undefined };

type TypesOf<E extends Endpoint> = {
  params: Static<E['params']>;
  query: SentQuery<Static<E['query']>>;
  /** `undefined` for routes without a body. */
  body: TSchema extends E['body'] ? undefined : Sent<Static<E['body']>>;
  answer: Static<E['answer']>;
};

type DashboardEndpoints = {
  [E in DashboardEndpoint as `${E['method']} ${E['path']}`]: TypesOf<E>;
};

type ProjectEndpoints = {
  [E in ApiEndpoint as `${E['method']} ${ProjectPath<E['path']>}`]: Omit<TypesOf<E>, 'params'> & {
    params: TypesOf<E>['params'] & { project_id: string };
  };
};

/** Every endpoint the dashboard can call, by method and path, with the types that the server's schemas declare. */
export type Endpoints = DashboardEndpoints & ProjectEndpoints;

export type EndpointName = keyof Endpoints;

export type ParamsOf<Name extends EndpointName> = Endpoints[Name]['params'];
export type QueryOf<Name extends EndpointName> = Endpoints[Name]['query'];
export type BodyOf<Name extends EndpointName> = Endpoints[Name]['body'];
export type AnswerOf<Name extends EndpointName> = Endpoints[Name]['answer'];
