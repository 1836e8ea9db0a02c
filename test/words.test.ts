import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';

// Comments are plain English. These words mark the sentences that no native engineer would write.

const REPOSITORY = join(import.meta.dirname, '..');
const ROOTS = ['src', 'client/src', 'dashboard/src', 'test', 'bench'];
const WORDS =
  /\b(?:told|tells?|whoever|nobody|somebody|anew|former|at once|judged?|judges|cut off|front door)\b/i;
/** A comment to the end of its line, or a line of a block comment, in JSX too. Not the `//` of a URL. */
const COMMENT = /(?:(?:^|[\s{])(?:\/\/|\/\*+)|^\s*\*+)\s(.*)$/;

function listFindings(root: string): string[] {
  return readdirSync(join(REPOSITORY, root), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .flatMap((file) => {
      const lines = readFileSync(join(REPOSITORY, root, file), 'utf8').split('\n');
      return lines
        .map((line) => COMMENT.exec(line)?.[1] ?? '')
        .filter((comment) => WORDS.test(comment))
        .map((comment) => `${root}/${file}: ${comment}`);
    });
}

it('keeps the words that plain English does not use out of comments', () => {
  assert.deepEqual(ROOTS.flatMap(listFindings), []);
});
