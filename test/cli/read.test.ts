import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runCli } from '../support/child-processes.ts';
import { makeInstallation, snapshot } from './doctor-installation.ts';

const COMMANDS = [['keys', 'list'], ['audit']];

describe('a command that only reads', () => {
  it('changes no content, no permission and no file', async () => {
    const { dataDir, env } = await makeInstallation();
    const before = snapshot(dataDir);
    for (const command of COMMANDS) {
      const { code, stdout, stderr } = await runCli(command, env);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /server/);
    }
    assert.deepEqual(snapshot(dataDir), before);
  });

  it('rejects the database of an older release, lists pending migrations, and applies none', async () => {
    const { dataDir, env, tamper } = await makeInstallation();
    tamper('ALTER TABLE audit_head DROP COLUMN seal', 0);
    tamper("DELETE FROM schema_migrations WHERE name = '0008-audit-head-seal'");
    const before = snapshot(dataDir);
    for (const command of COMMANDS) {
      const { code, stdout, stderr } = await runCli(command, env);
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(
        stderr,
        /older release .*Make a backup, then start the server, which applies 0008-audit-head-seal\.\n$/,
      );
    }
    assert.deepEqual(snapshot(dataDir), before);
  });
});
