import assert from 'node:assert/strict';
import { Compile } from 'typebox/compile';
import { VERSION } from '../../src/config/version.ts';
import { describeApi } from '../../src/http/openapi/describe-api.ts';
import { RESPONSE_HEADERS } from '../../src/http/openapi/response-headers.ts';
import { ROUTES } from '../../src/routes.ts';

const document = JSON.parse(JSON.stringify(describeApi(ROUTES, VERSION)));

type Answer = { status: number; headers: Headers; text: string; body: { code?: unknown } };

type Response = {
  description: string;
  headers: object;
  content?: Record<string, { schema: Record<string, unknown> }>;
};
type Operation = { responses: Record<string, Response> };

/** Paths without parameters come first: `/v1/api-keys/self` is not the key named `self`. */
const PATHS = Object.entries<Record<string, Operation>>(document.paths)
  .sort(([one], [other]) => Number(one.includes('{')) - Number(other.includes('{')))
  .map(([path, operations]) => ({
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    operations,
  }));

function findOperation(method: string, path: string): Operation | undefined {
  const [pathname = ''] = path.split('?', 1);
  return PATHS.find(({ pattern }) => pattern.test(pathname))?.operations[method.toLowerCase()];
}

/** Returns the schema with its references replaced by the components they name. */
const resolve = (schema: object): object =>
  JSON.parse(JSON.stringify(schema), (_name, value) =>
    typeof value?.$ref === 'string'
      ? resolve(document.components.schemas[value.$ref.split('/').at(-1)])
      : value,
  );

const compiled = new Map<string, ReturnType<typeof Compile>>();

/** Most answers share the schema of a few components. */
function compile(schema: object) {
  const name = JSON.stringify(schema);
  const known = compiled.get(name) ?? Compile(resolve(schema) as never);
  compiled.set(name, known);
  return known;
}

const NO_SUCH_PATH = '"detail":"Nothing was found at this path.';

/** Still answered, but no longer documented: the exports have paths of their own. */
const DEPRECATED = /^\/v1\/(?:events|audit-log)\?.*\bformat=(?:csv|ndjson)\b/;

/**
 * Fails if the OpenAPI document does not describe this answer: its status, media type, headers, error code and body. What
 * is no operation of the document (404, 405, HEAD, the dashboard) passes.
 */
export function requireDocumented(method: string, path: string, answer: Answer): void {
  const operation = findOperation(method, path);
  if (!operation || (DEPRECATED.test(path) && answer.status === 200)) return;
  // Another server than that of the API, such as the one on METRICS_PORT.
  if (answer.text.includes(NO_SUCH_PATH)) return;
  const { status, headers, body, text } = answer;
  const sent = `${method} ${path}: ${status} ${text.slice(0, 300)}`;
  const response = operation.responses[status];
  assert.ok(response, `The status is not documented. ${sent}`);
  for (const name of Object.keys(RESPONSE_HEADERS).filter((one) => headers.has(one))) {
    assert.ok(name in response.headers, `The header ${name} is not documented. ${sent}`);
  }
  // Amplitude's answers have the status in the place of the code.
  if (status >= 400 && typeof body.code === 'string') {
    assert.ok(response.description.includes(`\`${body.code}\``), `The code is not documented. ${sent}`);
  }
  const [type = ''] = (headers.get('content-type') ?? '').split(';');
  if (text === '' && type === '') return;
  const media = response.content?.[type];
  assert.ok(media, `The media type ${type} is not documented. ${sent}`);
  if (!/\bjson$/.test(type)) return;
  const validator = compile(media.schema);
  assert.ok(
    validator.Check(body),
    `The body does not fit. ${JSON.stringify(validator.Errors(body))} ${sent}`,
  );
}
