import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { withoutFolders } from './without-folders.ts';

const DATA_DIR = '/srv/my data/appflow';

it('makes paths in the data folder relative to it, also if it has a space or is configured as a relative path', () => {
  assert.equal(
    withoutFolders(`${DATA_DIR}/control.db is older than ${DATA_DIR}/events: it lacks changes.`, DATA_DIR),
    'control.db is older than events: it lacks changes.',
  );
  const moved = 'is damaged and was moved to';
  assert.equal(
    withoutFolders(`It ${moved} ${join(process.cwd(), 'data/events/store/a/detached/b')}.`, 'data'),
    `It ${moved} events/store/a/detached/b.`,
  );
  assert.equal(
    withoutFolders('The log ../data/control.db-wal is missing.', '../data'),
    'The log control.db-wal is missing.',
  );
  assert.equal(
    withoutFolders(`The disk of ${DATA_DIR} is full.`, DATA_DIR),
    'The disk of the data folder is full.',
  );
});

it('leaves only the last part of other paths, such as those of the program or of an earlier data folder', () => {
  const cases = {
    'Then run `/opt/appflow/bin/appflow doctor --accept-loss`.':
      'Then run `bin/appflow doctor --accept-loss`.',
    "Then run '/opt/my app/bin/appflow' doctor.": 'Then run bin/appflow doctor.',
    'The database (/old/data/control.db) is damaged.': 'The database (control.db) is damaged.',
    'The database (/app/old/control.db) is damaged.': 'The database (control.db) is damaged.',
  };
  for (const [sentence, expected] of Object.entries(cases))
    assert.equal(withoutFolders(sentence, DATA_DIR), expected);
});

it('changes nothing else', () => {
  const sentences = [
    'Send GET /v1/app/keys, and see /docs/errors#x and /app/v1/session.',
    'Run bin/appflow doctor, or npx appflow doctor; see https://example.com/docs/a/b and /metrics.',
    'This process keeps to 1/2 of each rate limit.',
    'The table metadata/control is fine.',
  ];
  for (const sentence of sentences) assert.equal(withoutFolders(sentence, 'data'), sentence);
});
