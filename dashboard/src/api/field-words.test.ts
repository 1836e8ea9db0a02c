import assert from 'node:assert/strict';
import { it } from 'node:test';
import { errorMessage, fieldError, Problem } from './problem.ts';

const problemWith = (field: string, message: string) =>
  new Problem({ status: 422, code: 'x', title: 'x', errors: [{ field, code: 'x', message }] });

it('names fields in words, never by their path in the API', () => {
  for (const [field, message, alone, beside] of [
    [
      'name',
      'name must have at least 1 character.',
      'Name must have at least 1 character.',
      'Must have at least 1 character.',
    ],
    [
      'ip_allowlist.1',
      'ip_allowlist.1 must be an IP address.',
      'IP addresses, entry 2 must be an IP address.',
      'Entry 2 must be an IP address.',
    ],
    [
      'expires_at',
      'expires_at must be in the future.',
      'Expiry date must be in the future.',
      'Must be in the future.',
    ],
    [
      'rate_limits.events.requests.rate',
      'rate_limits.events.requests.rate must be at least 1.',
      'Rate limits, events, requests, per second must be at least 1.',
      'Events, requests, per second must be at least 1.',
    ],
    ['email', 'email is required.', 'Email is required.', 'Required.'],
    ['a_new_field', 'a_new_field must be true.', 'A new field must be true.', 'Must be true.'],
    [
      'scopes.0',
      'A client key can never read.',
      'A client key can never read.',
      'A client key can never read.',
    ],
  ] as const) {
    const problem = problemWith(field, message);
    assert.equal(errorMessage(problem), alone);
    assert.equal(fieldError(problem, field.split('.')[0] ?? ''), beside);
  }
});

it('shows an error only beside the field that it is about', () => {
  const problem = problemWith('ip_allowlist.0', 'ip_allowlist.0 must be an IP address.');
  assert.equal(fieldError(problem, 'ip'), undefined);
  assert.equal(fieldError(problem, 'name'), undefined);
  assert.equal(fieldError(new Error('x'), 'name'), undefined);
});
