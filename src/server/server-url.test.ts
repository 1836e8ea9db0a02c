import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
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
    recordServerUrl(config, 'http://127.0.0.1:9123');
    replacePid(config.dataDir, pid);
    assert.equal(findServerUrl(config), undefined);
  });

  it('is ignored if a killed server had the process ID of this command, as in a container', () => {
    const config = makeConfig();
    const file = join(config.dataDir, 'server-url');
    const remove = recordServerUrl(config, 'http://127.0.0.1:9123');
    const record = readFileSync(file, 'utf8');
    remove();
    writeFileSync(file, record);
    assert.equal(findServerUrl(config), undefined);
  });

  it('is not removed by a server that stops after the next one has started', () => {
    const config = makeConfig();
    const remove = recordServerUrl(config, 'http://127.0.0.1:9123');
    recordServerUrl(config, 'http://127.0.0.1:9124');
    replacePid(config.dataDir, process.ppid);
    remove();
    assert.equal(findServerUrl(config), 'http://127.0.0.1:9124');
  });

  it('is ignored in a copy of the folder, which the server does not use', () => {
    const [original, copy] = [makeConfig(), makeConfig()];
    recordServerUrl(original, 'http://127.0.0.1:9123');
    cpSync(original.dataDir, copy.dataDir, { recursive: true });
    assert.ok(existsSync(join(copy.dataDir, 'server-url')));
    assert.equal(findServerUrl(copy), undefined);
    assert.equal(findServerUrl(original), 'http://127.0.0.1:9123');
  });

  it('is ignored if the file is damaged', () => {
    const config = makeConfig();
    const file = join(config.dataDir, 'server-url');
    recordServerUrl(config, 'http://127.0.0.1:9123');
    const whole = readFileSync(file, 'utf8');
    assert.notEqual(findServerUrl(config), undefined);
    for (const text of ['', whole.trimEnd(), whole.replace('http', 'file'), `x${whole}`, `${whole}x`]) {
      writeFileSync(file, text);
      assert.equal(findServerUrl(config), undefined, text);
    }
  });
});

function replacePid(dataDir: string, pid: number): void {
  const file = join(dataDir, 'server-url');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^\d+/, String(pid)));
}
