import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';

// Everything a person reads is plain English. These words mark the sentences that no native engineer would write.
//
// An exception is a comment with the reason, in the line of the word or the one before it: `// words: quotes the old API`,
// in Markdown `<!-- words: quotes the old API -->`.

const REPOSITORY = join(import.meta.dirname, '..');

/** Nowhere, not even in comments for engineers. */
const ANYWHERE = [
  ...['told', 'tells?', 'whoever', 'nobody', 'somebody', 'anybody', 'anew', 'former(?:ly)?', 'judge[ds]?'],
  ...['at once', 'at hand', 'for ever', 'cut off', 'keeps? house', 'good once', 'comes? straight'],
  ...['(?:front|key|the) door', 'works? on (?:for|after|until)', 'runs? on (?:after|until)'],
];
/** Nor in what users read: the texts of programs, and documentation. */
const USER_FACING = [
  ...['ways? back', 'e-mails?', 'stands in', 'holds? up', 'held up', 'goes on', 'hangs? up', 'lets? in'],
  ...['once more', 'shown only now', 'not over yet', "one's own"],
];
const toPattern = (words: readonly string[]) =>
  new RegExp(`\\b(?:${words.join('|').replaceAll(' ', '\\s+')})\\b`, 'i');

const IN_COMMENTS = toPattern(ANYWHERE);
const IN_TEXTS = toPattern([...ANYWHERE, ...USER_FACING]);
/** In the dashboard also: short sentences do without it. */
const IN_DASHBOARD = toPattern([...ANYWHERE, ...USER_FACING, 'whose']);
const EXCEPTION = /\bwords: \S+ \S+/;

const CODE_ROOTS = ['src', 'client/src', 'dashboard/src'];
const COMMENT_ROOTS = [...CODE_ROOTS, 'test', 'bench'];
/** A comment to the end of its line, or a line of a block comment, in JSX too. Not the `//` of a URL. */
const COMMENT = /(?:(?:^|[\s{])(?:\/\/|\/\*+)|^\s*\*+)\s(.*)$/;

/** A text that a person may read, with its position in the file. */
type Text = { text: string; at: number };

function listFiles(patterns: readonly string[]): string[] {
  return globSync(patterns, { cwd: REPOSITORY, exclude: ['**/node_modules/**', '**/dist/**'] }).sort();
}

const read = (file: string) => readFileSync(join(REPOSITORY, file), 'utf8');

/** Returns one finding for each text with such a word that no exception allows. */
function findWords(file: string, source: string, texts: readonly Text[], words: RegExp): string[] {
  const lines = source.split('\n');
  return texts.flatMap(({ text, at }) => {
    return [...text.matchAll(new RegExp(words, 'gi'))].flatMap((match) => {
      const line = source.slice(0, at + match.index).split('\n').length;
      const near = `${lines[line - 2] ?? ''}\n${lines[line - 1] ?? ''}`;
      if (EXCEPTION.test(near)) return [];
      return [`${file}:${line}: ${match[0].replace(/\s+/, ' ')}: ${(lines[line - 1] ?? '').trim()}`];
    });
  });
}

// The dashboard's bundler has a parser of TypeScript and JSX.
const require = createRequire(join(REPOSITORY, 'dashboard/package.json'));
// biome-ignore lint/correctness/noUndeclaredDependencies: resolved from the dashboard, which declares it.
const { parseAst } = require('vite') as {
  parseAst: (source: string, options: { lang: 'ts' | 'tsx' }) => Node;
};

type Node = { type: string; start: number; end: number; [name: string]: unknown };

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/** Returns the strings, templates and JSX texts of a source file, without the paths of its imports. */
function listTexts(file: string, source: string): Text[] {
  const texts: Text[] = [];
  const visit = (node: Node): void => {
    if (isText(node)) texts.push({ text: source.slice(node.start, node.end), at: node.start });
    for (const child of listChildren(node)) visit(child);
  };
  visit(parseAst(source, { lang: file.endsWith('x') ? 'tsx' : 'ts' }));
  return texts;
}

const isText = ({ type, value }: Node) =>
  type === 'TemplateElement' || type === 'JSXText' || (type === 'Literal' && typeof value === 'string');

/** The `source` of an import or export is a path. */
const listChildren = (node: Node) =>
  Object.entries(node)
    .filter(([name]) => name !== 'source')
    .flatMap(([, child]) => child)
    .filter(isNode);

/** Blanks out what is no prose, and keeps every position: code, the targets of links, quoted names, HTML comments. */
function toProse(page: string): string {
  const blank = (text: string) => text.replaceAll(/[^\n]/g, ' ');
  return page
    .replaceAll(/^ *```[\s\S]*?^ *```$/gm, blank)
    .replaceAll(/<!--[\s\S]*?-->/g, blank)
    .replaceAll(/`[^`\n]*`/g, blank)
    .replaceAll(/\]\([^)\n]*\)/g, blank);
}

/** Returns the comments in the code blocks of a page. */
function listCodeComments(page: string): Text[] {
  return [...page.matchAll(/^ *```[\s\S]*?^ *```$/gm)].flatMap(({ 0: block, index }) =>
    [...block.matchAll(/(?:^|\s)(?:\/\/|\/\*\*?|#) .*$/gm)].map((comment) => ({
      text: comment[0],
      at: index + comment.index,
    })),
  );
}

describe('plain English', () => {
  it('is checked in files that exist', () => {
    assert.ok(listFiles(CODE_ROOTS.map((root) => `${root}/**/*.{ts,tsx}`)).length > 300);
  });

  it('keeps these words out of comments', () => {
    const findings = listFiles(COMMENT_ROOTS.map((root) => `${root}/**/*.{ts,tsx}`)).flatMap((file) =>
      read(file)
        .split('\n')
        .map((line) => COMMENT.exec(line)?.[1] ?? '')
        .filter((comment) => IN_COMMENTS.test(comment) && !EXCEPTION.test(comment))
        .map((comment) => `${file}: ${comment}`),
    );
    assert.deepEqual(findings, []);
  });

  it('keeps these words out of the texts of the server, the CLI, the client and the dashboard', () => {
    const files = listFiles(CODE_ROOTS.map((root) => `${root}/**/*.{ts,tsx}`)).filter(
      (file) => !/\.test\.tsx?$/.test(file),
    );
    const findings = files.flatMap((file) => {
      const source = read(file);
      const words = file.startsWith('dashboard/') ? IN_DASHBOARD : IN_TEXTS;
      return findWords(file, source, listTexts(file, source), words);
    });
    assert.deepEqual(findings, []);
  });

  it('keeps these words out of the documentation, its code comments included', () => {
    const files = listFiles(['*.md', '{client,dashboard,bench,docs,src,test}/**/*.md']);
    const findings = files.flatMap((file) => {
      const page = read(file);
      const texts = [{ text: toProse(page), at: 0 }, ...listCodeComments(page)];
      return findWords(file, page, texts, IN_TEXTS);
    });
    assert.deepEqual(findings, []);
  });

  it('notices a word in a string, a template, JSX and Markdown, but not in a path, code or with a reason', () => {
    const source = [
      "import { tell } from './told.ts';",
      "const one = 'nobody';",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is source text.
      'const two = `a ${one} judged`;',
      '// words: quotes another product',
      "const three = 'told';",
      '/** An e-mail. */',
      'export const four = <p title="tells">E-mail <b>don\'t</b> {one}</p>;',
    ].join('\n');
    const words = (findings: string[]) => findings.map((finding) => finding.split(':').slice(1, 3).join(''));
    assert.deepEqual(words(findWords('a.tsx', source, listTexts('a.tsx', source), IN_TEXTS)), [
      '2 nobody',
      '3 judged',
      '7 tells',
      '7 E-mail',
    ]);
    const page = 'It is told at\nonce. See [x](tell.md) and `nobody`.\n\n```sh\nls told # tells\n```\n';
    const texts = [{ text: toProse(page), at: 0 }, ...listCodeComments(page)];
    assert.deepEqual(words(findWords('a.md', page, texts, IN_TEXTS)), ['1 told', '1 at once', '5 tells']);
  });
});
