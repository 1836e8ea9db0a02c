/** The parts of the OpenAPI document that the reference shows. */
export type OpenApi = {
  info: { description: string };
  tags: readonly { name: string; description: string }[];
  paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  components: { schemas: Readonly<Record<string, Schema>> };
};

export type Parameter = {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: Schema;
  example?: unknown;
};

type Media = { schema: Schema; example?: unknown };

type OperationObject = {
  operationId: string;
  summary: string;
  description: string;
  tags: readonly string[];
  'x-appflow-scope'?: string;
  'x-appflow-limit'?: string;
  parameters: readonly Parameter[];
  requestBody?: { content: Readonly<Record<string, Media>> };
  responses: Readonly<Record<string, { description: string; content?: Readonly<Record<string, Media>> }>>;
};

export type Schema = {
  $ref?: string;
  type?: string | readonly string[];
  format?: string;
  description?: string;
  enum?: readonly unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
  items?: Schema;
  anyOf?: readonly Schema[];
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  additionalProperties?: Schema | boolean;
};

/** An operation with its address. */
export type Operation = OperationObject & { method: string; path: string };

/** What only other vendors' SDKs call: a guide describes it, and no one writes such requests by hand. */
const SDKS = 'SDKs';

/** Returns the tags that have a page, in the order of the document. */
export const listTags = ({ tags }: OpenApi): OpenApi['tags'] => tags.filter(({ name }) => name !== SDKS);

/** Returns the operations of a tag, in the order of the document; those of every tag with a page without one. */
export function listOperations({ paths }: OpenApi, tag?: string): Operation[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { tags }]) => (tag === undefined ? !tags.includes(SDKS) : tags.includes(tag)))
      .map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  );
}

/** How the recorded answers name an operation. */
export const nameOf = ({ method, path }: Pick<Operation, 'method' | 'path'>): string => `${method} ${path}`;

/** Returns the slug of a tag's page. */
export const slugOfTag = (tag: string): string => `api/${tag.toLowerCase().replaceAll(' ', '-')}`;

/** Returns the media type and schema of the successful answer. */
export function findAnswer({ responses }: Operation): { type?: string; schema?: Schema } {
  const [, response] = Object.entries(responses).find(([status]) => status.startsWith('2')) ?? [];
  const [type, media] = Object.entries(response?.content ?? {})[0] ?? [];
  return { ...(type !== undefined && { type }), ...(media && { schema: media.schema }) };
}

/** Returns the body of the request: its media type, schema and example. */
export const findBody = ({ requestBody }: Operation): Media | undefined =>
  Object.values(requestBody?.content ?? {})[0];
