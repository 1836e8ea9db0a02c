import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Dialect } from '../api/dialect.ts';
import { StorageError } from '../lib/errors.ts';
import { AMPLITUDE } from '../sdk/amplitude/dialect.ts';
import { toErrorAnswer } from './error-answer.ts';

it("logs an internal error without the request's key, even one of another system", () => {
  const lines: object[] = [];
  const answerLog = { write: (_level: string, fields: object) => void lines.push(fields) };
  const services = { config: { publicUrl: '' }, answerLog } as unknown as Parameters<typeof toErrorAnswer>[0];
  const dialect: Dialect = AMPLITUDE;
  const context = { requestId: 'req_1', route: '/batch', dialect, presentedKey: 'phc_of_another_system' };
  const { status } = toErrorAnswer(services, new StorageError('unavailable', 'down'), context);
  assert.equal(status, 503);
  assert.deepEqual(lines, [{ requestId: 'req_1', route: '/batch', reason: 'down' }]);
});
