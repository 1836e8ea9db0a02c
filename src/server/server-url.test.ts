import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeConfig } from '../../test/support/harness.ts';
import { expectedServerUrl, findServerUrl, recordServerUrl } from './server-url.ts';

describe('the URL of the server of a data folder', () => {
  it('is found while its process runs, readable only by its owner, and gone after a stop', () => {
    const config = makeConfig({ PORT: '8080' });
    assert.equal(findServerUrl(config), undefined);
    assert.equal(expectedServerUrl(config), 'http://127.0.0.1:8080');
    const remove = recordServerUrl(config, 'http://127.0.0.1:9123');
    const file = join(config.dataDir, 'server-url');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(findServerUrl(config), 'http://127.0.0.1:9123');
    assert.equal(expectedServerUrl(config), 'http://127.0.0.1:9123');
    remove();
    assert.equal(existsSync(file), false);
    assert.equal(findServerUrl(config), undefined);
  });

  it('can be connected to when the server listens on every address, or on one of IPv6', () => {
    for (const [HOST, url] of [
      ['0.0.0.0', 'http://127.0.0.1:9123'],
      ['::', 'http://127.0.0.1:9123'],
      ['::1', 'http://[::1]:9123'],
    ] as const) {
      const config = makeConfig({ HOST });
      recordServerUrl(config, 'http://10.0.0.1:9123');
      assert.equal(findServerUrl(config), url);
    }
  });

  it('is ignored after its process was killed, because another server may have its port', () => {
    const config = makeConfig();
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(join(config.dataDir, 'server-url'), `${pid} http://127.0.0.1:9123\n`);
    assert.equal(findServerUrl(config), undefined);
  });

  it('is not removed by a server that stops after the next one has started', () => {
    const config = makeConfig();
    const remove = recordServerUrl(config, 'http://127.0.0.1:9123');
    const next = `${process.ppid} http://127.0.0.1:9124\n`;
    writeFileSync(join(config.dataDir, 'server-url'), next);
    remove();
    assert.equal(findServerUrl(config), 'http://127.0.0.1:9124');
  });

  it('is ignored if the file is damaged', () => {
    const config = makeConfig();
    for (const text of [
      '',
      '\n',
      `${process.pid}`,
      `${process.pid} file:///etc/passwd\n`,
      'x http://127.0.0.1\n',
    ]) {
      writeFileSync(join(config.dataDir, 'server-url'), text);
      assert.equal(findServerUrl(config), undefined, text);
    }
  });
});
