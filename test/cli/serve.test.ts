import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { startCli } from '../support/child-processes.ts';
import { makeTempDir } from '../support/harness.ts';

test('serve starts the server and exits with 0 on SIGTERM', async () => {
  const { child } = startCli(['serve'], { APPFLOW_DATA_DIR: makeTempDir(), PORT: '0', LOG_LEVEL: 'error' });
  const closed = once(child, 'close');
  try {
    assert.ok(child.stdout);
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    assert.match(String(line), /ready on http:\/\/127\.0\.0\.1:\d+/);
    child.kill('SIGTERM');
    assert.deepEqual(await closed, [0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});
