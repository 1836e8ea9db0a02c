import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { startCli } from '../support/child-processes.ts';
import { makeTempDir } from '../support/harness.ts';

test('serve starts the server, records its URL, and exits with 0 and a last line on SIGTERM', async () => {
  const dataDir = makeTempDir();
  const env = { APPFLOW_DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'warn', APPFLOW_DATADIR: '/elsewhere' };
  const { child, ended } = startCli(['serve'], env);
  const record = join(dataDir, 'server-url');
  try {
    assert.ok(child.stdout);
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    const [, url = ''] = /ready on (http:\/\/127\.0\.0\.1:\d+)/.exec(String(line)) ?? [];
    assert.match(readFileSync(record, 'utf8'), new RegExp(`^${child.pid} \\d+:\\d+ ${url}\\n$`));
    child.kill('SIGTERM');
    const { code, stdout, stderr } = await ended;
    assert.equal(code, 0);
    assert.match(stdout, /\nStopping Appflow…\nAppflow has stopped\.\n$/);
    assert.equal(existsSync(record), false);
    const logged = stderr
      .trim()
      .split('\n')
      .map((entry) => JSON.parse(entry));
    assert.deepEqual(
      logged.map(({ level, msg }) => [level, msg]),
      [[40, 'APPFLOW_DATADIR is not a setting, so it is ignored. Did you mean APPFLOW_DATA_DIR?']],
    );
  } finally {
    child.kill('SIGKILL');
  }
});
