import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanUp } from '../../../test/support/clean-up.ts';
import { type ImportIdentity, openResume } from './resume.ts';
import { NO_TOTALS } from './totals.ts';

const identity: ImportIdentity = {
  url: 'http://127.0.0.1:8080',
  appId: undefined,
  key: 'sk_secret',
  normalizeNames: false,
  from: undefined,
  file: { path: '/a.ndjson', size: 10, modifiedMs: 5, head: 'abc' },
};
const totals = { ...NO_TOTALS, line: 7, accepted: 6, rejectedByCode: { invalid_json: 1 } };

function makeDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'appflow-resume-'));
  cleanUp(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

test('finds saved progress until it is removed', () => {
  const dir = makeDir();
  assert.equal(openResume(dir, identity, assert.fail).find(), undefined);
  openResume(dir, identity, assert.fail).save(totals);
  assert.deepEqual(openResume(dir, identity, assert.fail).find(), totals);
  openResume(dir, identity, assert.fail).remove();
  assert.equal(openResume(dir, identity, assert.fail).find(), undefined);
  assert.deepEqual(readdirSync(join(dir, 'imports')), []);
});

test('saves the file for its owner only, without the key', () => {
  const dir = makeDir();
  openResume(dir, identity, assert.fail).save(totals);
  const [name = ''] = readdirSync(join(dir, 'imports'));
  const path = join(dir, 'imports', name);
  assert.equal(statSync(join(dir, 'imports')).mode & 0o777, 0o700);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.doesNotMatch(name + readFileSync(path, 'utf8'), /sk_secret/);
});

test('starts over for another server, app, key, file or form of names, and for a changed file', () => {
  const dir = makeDir();
  openResume(dir, identity, assert.fail).save(totals);
  const others: Partial<ImportIdentity>[] = [
    { url: 'http://127.0.0.1:9090' },
    { appId: 'app_1' },
    { key: 'sk_other' },
    { normalizeNames: true },
    ...(['path', 'size', 'modifiedMs', 'head'] as const).map((member) => ({
      file: { ...identity.file, [member]: typeof identity.file[member] === 'number' ? 99 : 'other' },
    })),
  ];
  for (const other of others) {
    assert.equal(
      openResume(dir, { ...identity, ...other }, assert.fail).find(),
      undefined,
      JSON.stringify(other),
    );
  }
});

test('starts over if the progress cannot be read', () => {
  const dir = makeDir();
  openResume(dir, identity, assert.fail).save(totals);
  const [name = ''] = readdirSync(join(dir, 'imports'));
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    JSON.stringify({ file: identity.file, totals: { line: 'x' } }),
  ]) {
    writeFileSync(join(dir, 'imports', name), text);
    assert.equal(openResume(dir, identity, assert.fail).find(), undefined, text);
  }
});

test('continues without saving progress if it cannot, warns once with the reason, and saves it again once it can', () => {
  const dir = makeDir();
  writeFileSync(join(dir, 'imports'), 'a file where the folder should be');
  const warnings: string[] = [];
  const resume = openResume(dir, identity, (sentence) => warnings.push(sentence));
  assert.equal(resume.find(), undefined);
  resume.save(totals);
  resume.save(totals);
  resume.remove();
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0] ?? '',
    /^Warning: progress cannot be saved in \S+imports: .* The import continues\./,
  );
  assert.equal(readFileSync(join(dir, 'imports'), 'utf8'), 'a file where the folder should be');
  rmSync(join(dir, 'imports'));
  resume.save(totals);
  assert.deepEqual(resume.find(), totals);
  assert.equal(warnings.length, 1);
});

test('warns immediately if the data folder cannot be created, also where the file system answers ENOENT', () => {
  const warnings: string[] = [];
  const resume = openResume('/proc/foo', identity, (sentence) => warnings.push(sentence));
  resume.save(totals);
  assert.match(
    warnings.join('\n'),
    /^Warning: progress cannot be saved in \/proc\/foo\/imports: .* The import/,
  );
});
