import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ApiKey } from './answers.ts';
import { call } from './http.ts';

const params = { project_id: 'proj_1' };

// Never called: the compiler checks each line, and fails where it finds nothing to refuse.
const refused = () => [
  // @ts-expect-error no route has this path
  call('GET /app/v1/sesion'),
  // @ts-expect-error no route has this method and path
  call('DELETE /app/v1/session'),
  // @ts-expect-error the path has a parameter
  call('GET /app/v1/projects/{project_id}/api-keys'),
  // @ts-expect-error the path has two parameters
  call('GET /app/v1/projects/{project_id}/apps/{id}', { params }),
  // @ts-expect-error the query has no such parameter
  call('GET /app/v1/projects/{project_id}/api-keys', { params, query: { max: 5 } }),
  // @ts-expect-error the query parameter is required
  call('GET /app/v1/projects/{project_id}/analytics/breakdown', { params, query: {} }),
  // @ts-expect-error the body is required
  call('POST /app/v1/projects/{project_id}/apps', { params }),
  // @ts-expect-error the body has other fields
  call('POST /app/v1/step-up', { body: { secret: '' } }),
  // @ts-expect-error the route takes no body
  call('POST /app/v1/sign-out', { body: {} }),
];

const wrongAnswer = async () => {
  const { data } = await call('GET /app/v1/projects/{project_id}/apps', { params });
  // @ts-expect-error the answer has apps
  const keys: ApiKey[] = data;
  return keys;
};

it('compiles requests only as the routes declare them', () => {
  assert.equal(typeof refused, 'function');
  assert.equal(typeof wrongAnswer, 'function');
});
