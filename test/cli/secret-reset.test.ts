import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runCli, startServerProcess } from '../support/child-processes.ts';
import { trackSecrets } from '../support/minted-secrets.ts';
import { changeDatabase, examine, makeInstallation } from './doctor-installation.ts';

const secretFile = (dataDir: string) => join(dataDir, 'secrets', 'appflow-secret');
const ask = (env: Record<string, string>) => runCli(['secret', 'reset'], env);
const reset = (env: Record<string, string>) => runCli(['secret', 'reset', '--yes'], env);

async function createKey(env: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await runCli(
    ['keys', 'create', '--name', 'New', '--type', 'server', '--json'],
    env,
  );
  assert.equal(code, 0, stderr);
  const { key } = JSON.parse(stdout);
  trackSecrets(key);
  return key;
}

const EVENT = { event_id: 'one', event_name: 'app_open', app_user_id: 'user_1' };
const FACTOR = `INSERT INTO two_factors (id, secret, backup_codes, person_id, last_step)
  VALUES ('two_1', 'encrypted', 'encrypted', 'usr_1', 0)`;
const PERSON = `INSERT INTO people (id, name, email, email_verified, two_factor_enabled, created_at, updated_at)
  VALUES ('usr_1', 'Owner', 'owner@example.com', 1, 1, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z')`;
const SESSION = `INSERT INTO sessions (id, token, person_id, expires_at, created_at, updated_at)
  VALUES ('ses_1', 'hash', 'usr_1', '2099-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z')`;
const ERASURE = `INSERT INTO erasures (id, project_id, app_ids, sealed_work, events, app_user_ids, requested_at)
  SELECT 'era_1', id, '[]', 'encrypted', 0, 0, 1 FROM projects LIMIT 1`;

describe('appflow secret reset', () => {
  it('starts over after the secret was lost: events stay, keys, sessions and second factors do not', async () => {
    const { dataDir, env, tamper } = await makeInstallation();
    const key = await createKey(env);
    {
      await using server = await startServerProcess(env);
      assert.equal((await server.call('POST', '/v1/events', { key, body: { events: [EVENT] } })).status, 200);
      assert.equal(await server.stop(), 0);
    }
    for (const sql of [PERSON, FACTOR, SESSION, ERASURE]) tamper(sql);
    rmSync(secretFile(dataDir));
    const refused = await runCli(['serve'], { ...env, PORT: '0' });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /If it is lost, run `bin\/appflow secret reset`/);

    const asked = await ask(env);
    assert.equal(asked.code, 2);
    assert.match(
      asked.stderr,
      /API keys revoked: \d+ .*\n {2}Sessions ended: 1 .*\n {2}Second factors turned off: 1\n/,
    );
    assert.match(asked.stderr, /Requests to erase people canceled: 1/);
    assert.match(asked.stderr, /secret reset --yes/);
    assert.equal(existsSync(secretFile(dataDir)), false, 'without --yes, nothing changes');

    const done = await reset(env);
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /The secret was reset/);
    const other = await createKey(env);
    await using server = await startServerProcess(env);
    assert.equal((await server.call('GET', '/v1/apps', { key })).status, 401);
    const again = await server.call('POST', '/v1/events', { key: other, body: { events: [EVENT] } });
    assert.deepEqual([again.body.accepted, again.body.duplicates], [0, 1], 'the event is still there');
    const { body } = await server.call('GET', '/v1/audit-log?limit=100', { key: other });
    assert.ok(body.data.some(({ action }: { action: string }) => action === 'api_key.revoked'));
    const keys = await runCli(['keys', 'list', '--json'], env);
    assert.match(keys.stdout, /"revoked_reason":"secret_reset"/);
    assert.equal(await server.stop(), 0);
    changeDatabase(dataDir, (database) => {
      const count = (table: string) => database.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
      assert.deepEqual(['sessions', 'two_factors', 'erasures'].map(count), [0, 0, 0]);
      assert.equal(database.prepare('SELECT two_factor_enabled FROM people').pluck().get(), 0);
    });
  });

  it('revokes keys for good: none can be restored, not even one revoked before, or once the earlier secret is found', async () => {
    const { dataDir, env } = await makeInstallation();
    const key = await createKey(env);
    const earlier = await createKey(env);
    {
      await using server = await startServerProcess(env);
      const { body } = await server.call('GET', '/v1/api-keys/self', { key: earlier });
      const revoked = await server.call('DELETE', `/v1/api-keys/${body.id}?reason=unused`, { key });
      assert.equal(revoked.body.secrets.length, 1, 'it can be restored');
      assert.equal(await server.stop(), 0);
    }
    const lost = readFileSync(secretFile(dataDir), 'utf8').trim();
    rmSync(secretFile(dataDir));
    assert.equal((await reset(env)).code, 0);
    const other = await createKey(env);
    await using server = await startServerProcess({ ...env, APPFLOW_SECRET_RETIRED: lost });
    const { body: list } = await server.call('GET', '/v1/api-keys?status=revoked', { key: other });
    const reasons = list.data.map((one: Record<string, string>) => one.revoked_reason);
    assert.deepEqual(new Set(reasons), new Set(['unused', 'secret_reset']));
    for (const { id, secrets } of list.data) {
      assert.deepEqual(secrets, []);
      const restored = await server.call('POST', `/v1/api-keys/${id}/restore`, { key: other });
      assert.deepEqual([restored.status, restored.body.code], [409, 'not_restorable'], restored.text);
      assert.match(restored.body.detail, /The secret of the installation was reset/);
    }
    for (const old of [key, earlier]) {
      assert.equal((await server.call('GET', '/v1/apps', { key: old })).body.code, 'api_key_revoked');
      const sent = { batch: [{ event: 'app_open', distinct_id: 'user_1' }], api_key: old };
      assert.equal((await server.call('POST', '/batch', { body: sent })).status, 401, 'SDKs get a final 401');
    }
    assert.equal(await server.stop(), 0);
  });

  it('forgets who was erased, so that events of these people are stored if they are sent again', async () => {
    const { dataDir, env } = await makeInstallation();
    const key = await createKey(env);
    const events = [{ ...EVENT, timestamp: new Date().toISOString() }];
    const send = async (server: Awaited<ReturnType<typeof startServerProcess>>, by: string) => {
      const { body } = await server.call('POST', '/v1/events', { key: by, body: { events } });
      return [body.accepted, ...body.rejected.map(({ code }: { code: string }) => code)];
    };
    {
      await using server = await startServerProcess(env);
      assert.deepEqual(await send(server, key), [1]);
      const erased = await server.call('DELETE', `/v1/users/${EVENT.app_user_id}`, { key });
      assert.equal(erased.body.status, 'done', erased.text);
      assert.deepEqual(await send(server, key), [0, 'user_erased']);
      assert.equal(await server.stop(), 0);
    }
    rmSync(secretFile(dataDir));
    const done = await reset(env);
    assert.match(done.stdout, /Erased IDs forgotten: 1 /);
    const other = await createKey(env);
    await using server = await startServerProcess(env);
    assert.deepEqual(await send(server, other), [1]);
    const again = await server.call('DELETE', `/v1/users/${EVENT.app_user_id}`, { key: other });
    assert.deepEqual([again.body.status, again.body.erased?.events], ['done', 1], again.text);
    assert.deepEqual(await send(server, other), [0, 'user_erased']);
    assert.equal(await server.stop(), 0);
  });

  it('leaves earlier entries of the audit log, which are reported as not verifiable, and detects later changes', async () => {
    const { dataDir, env, tamper } = await makeInstallation();
    const lost = readFileSync(secretFile(dataDir), 'utf8').trim();
    rmSync(secretFile(dataDir));
    assert.equal((await reset(env)).code, 0);
    await createKey(env);
    const { ok, byCheck } = await examine(env);
    assert.equal(ok, true);
    const { status, message = '' } = byCheck.get('audit log') ?? {};
    assert.equal(status, 'warning');
    assert.match(
      message,
      /\d+ of \d+ entries were signed with a secret that was reset and can't be verified/,
    );
    const found = await examine({ ...env, APPFLOW_SECRET_RETIRED: lost });
    assert.equal(
      found.byCheck.get('audit log')?.status,
      'ok',
      'with the earlier secret, they are verified again',
    );

    const change = (seq: number) => tamper(`UPDATE audit_log SET target = 'x' || target WHERE seq = ${seq}`);
    change(2);
    const changed = await examine(env);
    assert.match(
      changed.byCheck.get('audit log')?.message ?? '',
      /a row before it was changed after the secret was reset/,
    );
    tamper('UPDATE audit_log SET target = substr(target, 2) WHERE seq = 2');
    assert.equal((await examine(env)).byCheck.get('audit log')?.status, 'warning');
    tamper("UPDATE audit_log SET diff = NULL WHERE action = 'secret.reset'");
    assert.match((await examine(env)).byCheck.get('audit log')?.message ?? '', /tampered with/);
  });

  it('uses the new APPFLOW_SECRET if that is set, and works a second time', async () => {
    const { dataDir, env } = await makeInstallation();
    rmSync(secretFile(dataDir));
    for (const letter of ['a', 'b']) {
      const own = { ...env, APPFLOW_SECRET: letter.repeat(40) };
      const done = await reset(own);
      assert.equal(done.code, 0, done.stderr);
      assert.match(done.stdout, /The new one is APPFLOW_SECRET/);
      await createKey(own);
      assert.equal((await examine(own)).byCheck.get('audit log')?.status, 'warning');
    }
    writeFileSync(secretFile(dataDir), 'truncated');
    const renewed = await reset(env);
    assert.equal(renewed.code, 0, renewed.stderr);
    assert.equal(readFileSync(`${secretFile(dataDir)}.truncated`, 'utf8'), 'truncated');
    await createKey(env);
  });

  it('detects entries that were removed before the reset once the earlier secret is found again', async () => {
    const { dataDir, env } = await makeInstallation();
    const lost = readFileSync(secretFile(dataDir), 'utf8').trim();
    changeDatabase(dataDir, (database) => {
      database.prepare('DELETE FROM audit_log WHERE seq = (SELECT max(seq) FROM audit_log)').run();
      database
        .prepare(
          'UPDATE audit_head SET (seq, mac) = (SELECT seq, mac FROM audit_log ORDER BY seq DESC LIMIT 1)',
        )
        .run();
    });
    rmSync(secretFile(dataDir));
    assert.equal((await reset(env)).code, 0);
    assert.equal((await examine(env)).byCheck.get('audit log')?.status, 'warning');
    const found = await examine({ ...env, APPFLOW_SECRET_RETIRED: lost });
    assert.match(
      found.byCheck.get('audit log')?.message ?? '',
      /rows before it were removed before the secret was reset/,
    );
  });

  it('is refused for a secret that is anywhere, whatever the variable or the stored check say', async () => {
    const { dataDir, env, tamper } = await makeInstallation();
    const beside = await reset({ ...env, APPFLOW_SECRET: 'w'.repeat(40) });
    assert.match(
      beside.stderr,
      /The secret is not lost: .*appflow-secret has it\. If APPFLOW_SECRET is set to another one, unset it/,
    );
    tamper("UPDATE settings SET value = 'AAAA' WHERE name = 'secret_check'");
    const changed = await reset(env);
    assert.match(changed.stderr, /was used with this data folder before.*the stored check of it was changed/);
    tamper("DELETE FROM settings WHERE name = 'secret_check'");
    assert.match((await reset(env)).stderr, /was not used with a secret yet/);
    rmSync(secretFile(dataDir));
    mkdirSync(secretFile(dataDir));
    const unreadable = await reset(env);
    assert.match(unreadable.stderr, /EISDIR/);
    assert.ok(existsSync(secretFile(dataDir)));
    const keys = await runCli(['keys', 'list', '--json'], env);
    assert.doesNotMatch(keys.stdout, /"revoked_reason":"secret_reset"/);
  });

  it('is refused while a server runs, and for a secret that is not lost', async () => {
    const { dataDir, env } = await makeInstallation();
    const notLost = await reset(env);
    assert.equal(notLost.code, 2);
    assert.match(notLost.stderr, /The secret is not lost/);
    const secret = readFileSync(secretFile(dataDir), 'utf8').trim();
    const retired = await reset({ ...env, APPFLOW_SECRET: 'n'.repeat(40), APPFLOW_SECRET_RETIRED: secret });
    assert.match(retired.stderr, /The secret is not lost/);
    await using server = await startServerProcess(env);
    rmSync(secretFile(dataDir));
    const running = await reset(env);
    assert.equal(running.code, 1);
    assert.match(running.stderr, /A server is running on this data folder/);
    assert.equal(await server.stop(), 0);
  });
});
